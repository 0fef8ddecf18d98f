import { beforeAll, describe, expect, it } from 'vitest';
import { openNodeAdapter } from '../../../tools/node-gpu';
import { openDevice } from '../gpu/device';
import { Pipelines } from '../gpu/pipelines';
import type { Selection } from '../kv/score-reference';
import { dispatchOnce, prepareCase } from './run-case';
import { scoreNoise, select_top, selectCase } from './select_top';

let pipelines: Pipelines;
beforeAll(async () => {
  const { adapter } = await openNodeAdapter();
  pipelines = new Pipelines(await openDevice(adapter));
});

/** Two rows of scores. */
const SCORES: Readonly<Record<string, (N: number) => Float32Array<ArrayBuffer>>> = {
  noise: (N) => scoreNoise(2 * N, N),
  'a constant': (N) => new Float32Array(2 * N).fill(0.37),
  // Steps of uneven width, which pooling by maximum leaves; more ties than any k takes.
  plateaus: (N) => Float32Array.from({ length: 2 * N }, (_, i) => (Math.floor(i / 7) * 5) % 3),
  zeros: (N) => new Float32Array(2 * N),
  // Neighbouring floats, below the smallest normal one too: only the last bits differ.
  'neighbouring floats': (N) =>
    new Float32Array(Uint32Array.from({ length: 2 * N }, (_, i) => (i * 40_503) % 1000).buffer),
  'rising scores': (N) => Float32Array.from({ length: 2 * N }, (_, i) => i),
};

const LENGTHS = [9, 64, 1000, 4099, 131_072];

/** Selections of N: nothing beside what always stays, one, a tenth, all but one, all. */
function selections(N: number): Selection[] {
  const [window, protect] = N < 64 ? [3, 2] : [8, 5];
  const takes = [window, window + protect, window + protect + 1, Math.floor(N / 10), N - 1, N];
  return takes
    .filter((take) => take >= window)
    .flatMap((take) => [0, protect].map((p) => ({ N, window, protect: p, take })));
}

async function select(name: string, scores: Float32Array<ArrayBuffer>, selection: Selection) {
  const kernelCase = selectCase(name, scores, selection);
  const variant = { profile: 'portable', dtype: 'f32', D: 32 } as const;
  const prepared = await prepareCase(pipelines, select_top, variant, kernelCase);
  dispatchOnce(pipelines, prepared);
  const found = await prepared.read('index');
  prepared.destroy();
  return { found, expected: kernelCase.expected()['index']!, name: kernelCase.name };
}

describe.each(Object.entries(SCORES))('select_top from %s', (name, make) => {
  it.each(LENGTHS)('takes exactly what sorting takes, of %i scores', async (N) => {
    for (const selection of selections(N)) {
      const { found, expected, name: what } = await select(name, make(N), selection);
      // Not toEqual on the arrays: its report of a difference takes minutes at this length.
      const wrong = found.findIndex((i, at) => i !== expected[at]);
      expect(wrong < 0 ? 'equal' : `[${wrong}] = ${found[wrong]}, not ${expected[wrong]}`, what).toBe(
        'equal',
      );
    }
  });
});
