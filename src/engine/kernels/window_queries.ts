import { ALL_PROFILES, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { SELECTION_OP, selectionOp, UNSCORED } from './selection';

const WG = 64;

/** Keeps the window's queries of a tile, after rope_append; tiles before the window leave it as it is. */
export const window_queries: Kernel = {
  name: 'window_queries',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'qkv:read', 'q_window:write'],
  stored: [],
  op: SELECTION_OP,
  compose: () => ({ consts: { WG }, chunks: ['step', 'selection'] }),
  grid: (_, __, { rows }) => [rows, 1, 1],
};

interface Shape {
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Tokens of the sequence, of the window, before the tile, and of the tile. */
  readonly N: number;
  readonly window: number;
  readonly appended: number;
  readonly T: number;
}

function queriesCase({ H, G, D, N, window, appended, T }: Shape): KernelCase {
  const qkv = noise(T * (H + 2 * G) * D, 1);
  const before = noise(window * H * D, 2);
  const unused = {
    kernel: 7,
    pooling: 'max',
    protect: 0,
    take: window,
    toCapacity: 0,
    first: 0,
    ...UNSCORED,
  } as const;
  return {
    name: `H=${H} G=${G} D=${D}, ${window} of ${N}, rows ${appended}+${T}`,
    D,
    op: selectionOp({ H, G, D, capacity: N, length: N, window, ...unused }),
    step: oneStep(T, { appended }),
    buffers: { qkv, q_window: before },
    expected: () => {
      const after = before.slice();
      for (let t = 0; t < T; t++) {
        const row = appended + t - (N - window);
        const start = t * (H + 2 * G) * D;
        if (row >= 0) after.set(qkv.subarray(start, start + H * D), row * H * D);
      }
      return { q_window: after };
    },
    tolerance: 0,
    bytes: 8 * window * H * D,
  };
}

export const windowQueriesCases: KernelCases = {
  kernel: window_queries,
  cases: () =>
    [
      { H: 1, G: 1, D: 8, N: 9, window: 8, appended: 0, T: 9 },
      { H: 7, G: 1, D: 80, N: 100, window: 8, appended: 80, T: 16 }, // the window's first part
      { H: 7, G: 1, D: 80, N: 100, window: 8, appended: 96, T: 4 }, // and its rest
      { H: 9, G: 3, D: 64, N: 40, window: 16, appended: 0, T: 24 }, // not yet
      { H: 4, G: 2, D: 32, N: 30, window: 1, appended: 0, T: 30 },
    ].map(queriesCase),
  benchCases: () => [queriesCase({ H: 8, G: 2, D: 64, N: 4096, window: 8, appended: 3840, T: 256 })],
};
