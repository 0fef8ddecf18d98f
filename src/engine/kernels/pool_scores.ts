import { ALL_PROFILES, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { SELECTION_OP, selectionOp, UNSCORED } from './selection';
import { poolScoresReference, sumRows } from '../kv/score-reference';

const WG = 64;

/** Scores of KV heads; row G is what tokens are propagated by, row G+1 the attention that they get in all. */
export const pool_scores: Kernel = {
  name: 'pool_scores',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'score:read', 'pooled:write'],
  stored: [],
  op: SELECTION_OP,
  compose: () => ({ consts: { WG }, chunks: ['selection'] }),
  grid: (_, op) => [Math.ceil(op['length']! / WG), 1, 1],
};

interface Shape {
  readonly H: number;
  readonly G: number;
  readonly N: number;
  readonly window: number;
  readonly kernel: number;
  readonly pooling: 'max' | 'avg';
}

function poolCase({ H, G, N, window, kernel, pooling }: Shape): KernelCase {
  const score = noise(H * N, 1).map((x) => Math.abs(x));
  const unused = { D: 8, capacity: N, protect: 0, take: window, toCapacity: 0, first: 0, ...UNSCORED };
  return {
    name: `H=${H} G=${G} N=${N} window ${window}, ${pooling} of ${kernel}`,
    op: selectionOp({ H, G, length: N, window, kernel, pooling, ...unused }),
    step: oneStep(1),
    buffers: { score, pooled: new Float32Array((G + 2) * N) },
    expected: () => {
      const pooled = poolScoresReference({ H, G, N }, { window, kernel, pooling }, score);
      return { pooled: Float32Array.of(...pooled, ...sumRows(pooled, N), ...sumRows(score, N)) };
    },
    // Maxima and sums in a given order leave nothing to round differently; a mean does.
    ...(pooling === 'max' ? { tolerance: 0 } : {}),
    bytes: 4 * (H + G + 2) * N,
  };
}

export const poolScoresCases: KernelCases = {
  kernel: pool_scores,
  cases: () =>
    (['max', 'avg'] as const).flatMap((pooling) =>
      [
        { H: 1, G: 1, N: 100, window: 8, kernel: 1 },
        { H: 4, G: 2, N: 65, window: 8, kernel: 7 },
        { H: 9, G: 3, N: 131, window: 1, kernel: 5 },
        { H: 14, G: 2, N: 203, window: 16, kernel: 7 },
        { H: 3, G: 3, N: 11, window: 8, kernel: 7 }, // fewer tokens than the kernel is wide
        { H: 2, G: 1, N: 9, window: 8, kernel: 5 },
        { H: 2, G: 1, N: 8, window: 8, kernel: 7 }, // nothing but the window
      ].map((shape) => poolCase({ ...shape, pooling })),
    ),
  benchCases: () => [poolCase({ H: 8, G: 2, N: 4096, window: 8, kernel: 7, pooling: 'max' })],
};
