import { ALL_PROFILES, type Kernel } from './kernel';
import type { KernelCase, KernelCases } from './cases';
import { KEYS } from './attention_merge';
import {
  SELECTION_OP,
  stretchesOf,
  windowSetting,
  windowStatsReference,
  WINDOW_SHAPES,
  type WindowShape,
} from './selection';
import { windowScoresReference } from '../kv/score-reference';
import type { StorageDtype } from '../../protocol';

/** Attention that each key gets from the window. */
export const window_scores: Kernel = {
  name: 'window_scores',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'q_window:read', 'k:read', 'stats:read', 'score:write'],
  stored: ['k'],
  op: SELECTION_OP,
  compose: ({ dtype, D }) => ({
    consts: { D, KEYS },
    chunks: ['selection', `kv_${dtype}`, 'window_dots'],
  }),
  grid: (_, op) => [op['H']!, stretchesOf(op['length']!), 1],
};

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

export const windowScoresCases: KernelCases = {
  kernel: window_scores,
  cases: (dtype) => WINDOW_SHAPES.map((shape) => scoresCase(shape, dtype)),
  benchCases: (dtype) => [scoresCase({ H: 8, G: 2, D: 64, N: 4096, window: 8 }, dtype)],
};
