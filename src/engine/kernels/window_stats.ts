import { ALL_PROFILES, type Kernel } from './kernel';
import type { KernelCase, KernelCases } from './cases';
import { byKind, kindConsts } from './attention';
import { KEYS } from './attention_merge';
import {
  SELECTION_OP,
  softmaxStats,
  stretchesOf,
  windowLogits,
  windowSetting,
  SLIDING_SHAPES,
  WINDOW_SHAPES,
  type WindowShape,
} from './selection';
import type { StorageDtype } from '../../protocol';

/** Softmax statistics of the window's queries, a stretch of keys at a time. */
export const window_stats = byKind((kind): Kernel => ({
  name: 'window_stats',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'q_window:read', 'k:read', 'positions:read', 'part:write'],
  stored: ['k'],
  op: SELECTION_OP,
  compose: ({ dtype, D }) => ({
    consts: { D, KEYS, ...kindConsts(kind) },
    chunks: ['selection', 'soft_cap', `kv_${dtype}`, 'window_dots'],
  }),
  grid: (_, op) => [op['H']!, stretchesOf(op['length']!), 1],
}));

/** Floats of `part` for N keys. [H, splits, window, 2] */
export const windowPartFloats = (H: number, N: number, window: number): number =>
  H * stretchesOf(N) * window * 2;

function statsCase(shape: WindowShape, dtype: StorageDtype): KernelCase {
  const { inputs, base } = windowSetting(shape, dtype);
  const { H, N, window } = shape;
  const floats = windowPartFloats(H, N, window);
  const expected = () => {
    const part = new Float32Array(floats);
    const splits = stretchesOf(N);
    for (let n = 0; n < floats / 2; n++) {
      const [h, split, i] = [Math.floor(n / window / splits), Math.floor(n / window) % splits, n % window];
      part.set(softmaxStats(windowLogits(inputs, h, i, KEYS * split, KEYS * (split + 1))), 2 * n);
    }
    return { part };
  };
  return { ...base, buffers: { ...base.buffers, part: new Float32Array(floats) }, expected };
}

export const windowStatsCases: KernelCases[] = [
  {
    kernel: window_stats({ slides: false, caps: false }),
    cases: (dtype) => WINDOW_SHAPES.map((shape) => statsCase(shape, dtype)),
    benchCases: (dtype) => [statsCase({ H: 8, G: 2, D: 64, N: 4096, window: 8 }, dtype)],
  },
  {
    kernel: window_stats({ slides: true, caps: false }),
    cases: (dtype) => SLIDING_SHAPES.map((shape) => statsCase(shape, dtype)),
  },
  {
    kernel: window_stats({ slides: false, caps: true }),
    cases: (dtype) => [statsCase({ ...WINDOW_SHAPES[4]!, cap: 1.5 }, dtype)],
  },
  {
    kernel: window_stats({ slides: true, caps: true }),
    cases: (dtype) => [statsCase({ ...SLIDING_SHAPES[2]!, cap: 0.8 }, dtype)],
  },
];
