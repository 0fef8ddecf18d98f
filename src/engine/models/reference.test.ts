import { describe, expect, it } from 'vitest';
import { argmax, FIXTURES, logitError, readOnCpu } from './fixtures.test-support';
import { referenceLogits } from './reference';

describe('the CPU reference of the forward pass', () => {
  it.each(FIXTURES)(
    'gives the logits of transformers for $name',
    async ({ folder, prompt, continuation, logits }) => {
      const { spec, tensors } = await readOnCpu(folder);
      for (const i of [0, 1, continuation.length - 1]) {
        const row = referenceLogits(spec, tensors, [...prompt, ...continuation.slice(0, i)]);
        expect(logitError(row, logits[i]!)).toBeLessThan(1e-4);
        expect(argmax(row)).toBe(continuation[i]);
      }
    },
  );
});
