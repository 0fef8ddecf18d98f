/** A vocabulary as large as Qwen's on a device that binds no more than WebGPU promises. */
import { expect, it } from 'vitest';
import { openNodeAdapter } from '../../tools/node-gpu';
import { runOptions, runWithLogits } from './engine.test-support';
import { loadModel } from './load-model';
import { readOnCpu } from './models/fixtures.test-support';
import { randomLlamaFolder } from './models/random-llama';
import { referenceLogits } from './models/reference';
import type { TokenId } from './shapes';

const LIMIT = 128 * 2 ** 20;
const V = 151_936;
/** Narrow, so that it is quick; but of 32 bits its embedding and head are beyond the limit, each. */
const SHAPE = { L: 1, H: 4, G: 2, D: 16, C: 224, F: 64, V, contextLength: 64, seed: 6 };

/** Whose devices have the default limits of the specification and refuse what is beyond them. */
async function modestAdapter(): Promise<GPUAdapter> {
  const { adapter } = await openNodeAdapter();
  const limits = new Proxy(adapter.limits, {
    get: (target, key) => {
      if (key === 'maxStorageBufferBindingSize') return LIMIT;
      return key === 'maxBufferSize' ? 2 * LIMIT : (Reflect.get(target, key, target) as number);
    },
  });
  return new Proxy(adapter, {
    get: (target, key) => {
      if (key === 'limits') return limits;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

it('embeds and predicts 151,936 tokens in pieces of at most 128 MiB, as the reference does', async () => {
  const folder = randomLlamaFolder(SHAPE);
  const model = await loadModel(await modestAdapter(), folder, { dtype: 'f32' });
  expect(model.device.limits.maxStorageBufferBindingSize).toBe(LIMIT);
  const split = model.session.placements.filter(({ to }) => 'pieces' in to && to.pieces.length > 1);
  expect(split.map(({ tensor }) => tensor)).toEqual(['model.embed_tokens.weight', 'lm_head.weight']);

  const [to] = split.map((placement) => placement.to);
  const cut = 'pieces' in to! ? to.pieces[1]!.first : expect.fail('no matrix');
  // On both sides of the cut, and at both ends.
  const prompt = [0, cut - 1, cut, V - 1, 77].map((id) => id as TokenId);
  const { rows, tokens } = await runWithLogits(model, prompt, runOptions(3));
  const { spec, tensors } = await readOnCpu(folder);
  rows.forEach((row, i) => {
    const expected = referenceLogits(spec, tensors, [...prompt, ...tokens.slice(0, i)]);
    const [most, least] = [
      expected.reduce((a, b) => Math.max(a, b)),
      expected.reduce((a, b) => Math.min(a, b)),
    ];
    const worst = expected.reduce((error, v, t) => Math.max(error, Math.abs(v - row[t]!)), 0);
    expect(worst / (most - least)).toBeLessThan(1e-3);
    expect(tokens[i]).toBe(expected.indexOf(most));
  });
  model.device.destroy();
});
