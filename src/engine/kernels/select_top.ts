import { ALL_PROFILES, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { SELECTION_OP, selectionOp, UNSCORED } from './selection';
import { protectedOf, selectTopReference, type Selection } from '../kv/score-reference';

/** Indices of the tokens that stay, by row of scores. `rows` is for the grid alone: 1 for all heads together, else G. */
export const select_top: Kernel = {
  name: 'select_top',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'pooled:read', 'index:write'],
  stored: [],
  op: SELECTION_OP,
  compose: () => ({ chunks: ['selection'] }),
  grid: (_, op) => [op['rows']!, 1, 1],
};

/** Selection from rows first.. of `pooled`, [first + rows, N] of values >= 0. */
export function selectCase(
  name: string,
  pooled: Float32Array<ArrayBuffer>,
  selection: Selection,
  first = 0,
): KernelCase {
  const { N, window, take } = selection;
  const rows = pooled.length / N - first;
  const values = {
    H: rows,
    G: rows,
    D: 8,
    capacity: N,
    kernel: 1,
    pooling: 'max',
    toCapacity: take,
    ...UNSCORED,
  } as const;
  const protect = protectedOf(selection);
  return {
    name: `${rows} rows of ${name}: ${take} of ${N}, window ${window}, protect ${protect}`,
    op: { ...selectionOp({ ...values, length: N, window, protect, take, first }), rows },
    step: oneStep(1),
    buffers: { pooled, index: new Uint32Array(rows * take).fill(N) },
    expected: () => {
      const index = new Uint32Array(rows * take);
      for (let r = 0; r < rows; r++) {
        const scores = pooled.subarray((first + r) * N, (first + r + 1) * N);
        index.set(selectTopReference(selection, scores), r * take);
      }
      return { index };
    },
    tolerance: 0,
    bytes: 6 * pooled.byteLength + 4 * rows * take,
  };
}

/** Scores as they come: many small, few large. */
export const scoreNoise = (length: number, seed: number): Float32Array<ArrayBuffer> =>
  noise(length, seed).map((x) => Math.abs(x) ** 9);

export const selectTopCases: KernelCases = {
  kernel: select_top,
  cases: () => [
    selectCase('noise', scoreNoise(5 * 300, 1), { N: 300, window: 8, protect: 0, take: 40 }, 2),
    selectCase('noise', scoreNoise(2 * 1000, 2), { N: 1000, window: 8, protect: 4, take: 100 }),
    selectCase('noise', scoreNoise(517, 3), { N: 517, window: 8, protect: 90, take: 50 }), // no room for a score
  ],
  benchCases: () =>
    [4096, 131_072].map((N) =>
      selectCase('noise', scoreNoise(8 * N, 1), { N, window: 8, protect: 4, take: Math.floor(N / 10) }),
    ),
};
