/** Scoring and selecting on the device, kernel after kernel, on the inputs of the published selection function. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openNodeAdapter } from '../../../tools/node-gpu';
import type { Profile } from '../../protocol';
import { canRun, openDevice } from '../gpu/device';
import { Pipelines } from '../gpu/pipelines';
import { k, PUBLISHED, q, SELECTIONS, WINDOW } from '../kv/published-selection.test-support';
import { oneStep, type Buffers, type Values } from './cases';
import { ALL_PROFILES, type Kernel } from './kernel';
import { pool_scores } from './pool_scores';
import { dispatchOnce, prepareCase } from './run-case';
import { select_top } from './select_top';
import { selectionOp, UNSCORED } from './selection';
import { window_merge } from './window_merge';
import { window_scores } from './window_scores';
import { window_stats, windowPartFloats } from './window_stats';

const { H, G, N, D, window, kernel } = PUBLISHED;

let pipelines: Pipelines;
let features: ReadonlySet<string>;
beforeAll(async () => {
  const device = await openDevice((await openNodeAdapter()).adapter);
  features = device.features;
  pipelines = new Pipelines(device);
});

/** Every query sees all that came before. */
const PLAIN = { slides: false, caps: false };

type Published = (typeof SELECTIONS)[number];

/** Rows of indices: what every KV head keeps, or with `first` G what goes on. */
async function selectOnDevice(profile: Profile, { pooling }: Published, take: number, first = 0) {
  const rows = first === 0 ? G : 1;
  const more = {
    capacity: N,
    length: N,
    protect: 0,
    toCapacity: take,
    first,
    ...UNSCORED,
    scale: 1 / Math.sqrt(D),
  };
  const op = { ...selectionOp({ H, G, D, window, kernel, pooling, take, ...more }), rows };
  /** Runs a kernel; its last buffer is its output. */
  const run = async (which: Kernel, buffers: Buffers): Promise<Values> => {
    const one = { name: which.name, D, op, step: oneStep(1), buffers, expected: () => ({}) };
    const prepared = await prepareCase(pipelines, which, { profile, dtype: 'f32', D }, one);
    dispatchOnce(pipelines, prepared);
    const output = await prepared.read(Object.keys(buffers).at(-1)!);
    prepared.destroy();
    return output;
  };
  const part = await run(window_stats(PLAIN), {
    q_window: q,
    k,
    positions: Uint32Array.of(0),
    part: new Float32Array(windowPartFloats(H, N, window)),
  });
  const stats = await run(window_merge, { part, stats: new Float32Array(2 * H * window) });
  const score = await run(window_scores(PLAIN), {
    ...{ q_window: q, k, stats, positions: Uint32Array.of(0) },
    score: new Float32Array(H * N),
  });
  const pooled = await run(pool_scores, { score, pooled: new Float32Array((G + 2) * N) });
  const index = await run(select_top, { pooled, index: new Uint32Array(rows * take) });
  return Array.from({ length: rows }, (_, row) => [...index.subarray(row * take, (row + 1) * take)]);
}

describe.each(ALL_PROFILES)('in profile %s', (profile) => {
  it.each(SELECTIONS)(
    'the device selects what the published function does: $name, $pooling pooling, capacity $capacity, TSP length $tspLength',
    async (published) => {
      expect(canRun(profile, features)).toBe(true); // CI installs an adapter that can
      const { capacity, tspLength, kept, propagated } = published;
      const heads = await selectOnDevice(profile, published, capacity);
      kept.forEach((positions, g) => {
        if (positions) expect(heads[g]).toEqual([...positions, ...WINDOW]);
      });
      expect(await selectOnDevice(profile, published, tspLength, G)).toEqual([[...propagated, ...WINDOW]]);
    },
  );
});
