import { ALL_PROFILES, type Kernel } from './kernel';
import { noise, type KernelCase, type KernelCases } from './cases';
import { KEYS } from './attention_merge';
import { SELECTION_OP, stretchesOf, windowSetting, WINDOW_SHAPES, type WindowShape } from './selection';
import { windowPartFloats } from './window_stats';

const WG = 256;

/** Joins the stretches of window_stats. */
export const window_merge: Kernel = {
  name: 'window_merge',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'part:read', 'stats:write'],
  stored: [],
  op: SELECTION_OP,
  compose: () => ({ consts: { WG, KEYS }, chunks: ['selection'] }),
  grid: (_, op) => [op['H']!, 1, 1],
};

function mergeCase(shape: WindowShape): KernelCase {
  const { base } = windowSetting(shape, 'f32');
  const { H, N, window } = shape;
  const splits = stretchesOf(N);
  const part = noise(windowPartFloats(H, N, window), 1, 4);
  for (let n = 0; n < part.length / 2; n++) {
    // Sums of exponentials are positive; of a stretch that a row does not see they are nothing.
    part[2 * n + 1] = Math.abs(part[2 * n + 1]!) + 0.1;
    const [split, i] = [Math.floor(n / window) % splits, n % window];
    if (KEYS * split > N - window + i) part.set([-3e38, 0], 2 * n);
  }
  const expected = () => {
    const stats = new Float32Array(2 * H * window);
    for (let n = 0; n < H * window; n++) {
      const [h, i] = [Math.floor(n / window), n % window];
      const rows = Array.from({ length: splits }, (_, j) =>
        part.subarray(2 * ((h * splits + j) * window + i)),
      );
      const top = rows.reduce((a, row) => Math.max(a, row[0]!), -Infinity);
      const total = rows.reduce((sum, row) => sum + Math.exp(row[0]! - top) * row[1]!, 0);
      stats.set([top, total], 2 * n);
    }
    return { stats };
  };
  return {
    name: `H=${H} N=${N} window ${window}`,
    op: base.op,
    step: base.step,
    buffers: { part, stats: new Float32Array(2 * H * window) },
    expected,
    bytes: 4 * part.length,
  };
}

export const windowMergeCases: KernelCases = {
  kernel: window_merge,
  cases: () => [...WINDOW_SHAPES, { H: 2, G: 1, D: 8, N: 3000, window: 9 }].map((shape) => mergeCase(shape)),
  benchCases: () => [mergeCase({ H: 8, G: 2, D: 64, N: 4096, window: 8 })],
};
