import { ALL_PROFILES, type Kernel } from './kernel';
import type { KernelCase, KernelCases } from './cases';
import { byKind, kindConsts } from './attention';
import { KEYS } from './attention_merge';
import {
  SELECTION_OP,
  stretchesOf,
  windowSetting,
  windowStatsReference,
  SLIDING_SHAPES,
  WINDOW_SHAPES,
  type WindowShape,
} from './selection';
import { windowScoresReference } from '../kv/score-reference';
import type { StorageDtype } from '../../protocol';

/** Attention that each key gets from the window. */
export const window_scores = byKind((kind): Kernel => ({
  name: 'window_scores',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'q_window:read', 'k:read', 'stats:read', 'positions:read', 'score:write'],
  stored: ['k'],
  op: SELECTION_OP,
  compose: ({ dtype, D }) => ({
    consts: { D, KEYS, ...kindConsts(kind) },
    chunks: ['selection', 'soft_cap', `kv_${dtype}`, 'window_dots'],
  }),
  grid: (_, op) => [op['H']!, stretchesOf(op['length']!), 1],
}));

function scoresCase(shape: WindowShape, dtype: StorageDtype): KernelCase {
  const { inputs, base } = windowSetting(shape, dtype);
  return {
    ...base,
    buffers: {
      ...base.buffers,
      stats: windowStatsReference(inputs),
      score: new Float32Array(shape.H * shape.N),
    },
    expected: () => ({ score: windowScoresReference(inputs) }),
  };
}

export const windowScoresCases: KernelCases[] = [
  {
    kernel: window_scores({ slides: false, caps: false }),
    cases: (dtype) => WINDOW_SHAPES.map((shape) => scoresCase(shape, dtype)),
    benchCases: (dtype) => [scoresCase({ H: 8, G: 2, D: 64, N: 4096, window: 8 }, dtype)],
  },
  {
    kernel: window_scores({ slides: true, caps: false }),
    cases: (dtype) => SLIDING_SHAPES.map((shape) => scoresCase(shape, dtype)),
  },
  {
    kernel: window_scores({ slides: false, caps: true }),
    cases: (dtype) => [scoresCase({ ...WINDOW_SHAPES[4]!, cap: 1.5 }, dtype)],
  },
  {
    kernel: window_scores({ slides: true, caps: true }),
    cases: (dtype) => [scoresCase({ ...SLIDING_SHAPES[2]!, cap: 0.8 }, dtype)],
  },
];
