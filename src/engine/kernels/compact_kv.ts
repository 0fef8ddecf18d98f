import { ALL_PROFILES, fold, type Kernel } from './kernel';
import { asStored, noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { SELECTION_OP, selectionOp, UNSCORED } from './selection';
import type { StorageDtype } from '../../protocol';
import { elementBytes } from '../shapes';

const WG = 64;

/** Cache entries that stay, moved to another cache. The grid needs G, D and `take`. */
export const compact_kv: Kernel = {
  name: 'compact_kv',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'index:read', 'k:read', 'v:read', 'to_k:write', 'to_v:write'],
  stored: ['k', 'v', 'to_k', 'to_v'],
  op: SELECTION_OP,
  compose: ({ dtype }) => ({ consts: { WG }, chunks: ['selection', `kv_${dtype}`] }),
  grid: (_, op) => fold(Math.ceil((op['G']! * op['take']! * op['D']!) / 4 / WG)),
};

interface Shape {
  readonly G: number;
  readonly D: number;
  /** Entries a head of the source. */
  readonly capacity: number;
  readonly take: number;
  readonly toCapacity: number;
}

/** `take` indices below `capacity`, ascending, other ones for each head. [G, take] */
const someIndices = ({ G, capacity, take }: Shape): Uint32Array<ArrayBuffer> =>
  Uint32Array.from({ length: G * take }, (_, i) => {
    const [g, j] = [Math.floor(i / take), i % take];
    return Math.floor(((j + (g + 1) / (G + 1)) * capacity) / take);
  });

function compactCase(shape: Shape, dtype: StorageDtype): KernelCase {
  const { G, D, capacity, take, toCapacity } = shape;
  const index = someIndices(shape);
  const [k, v] = [1, 2].map((seed) => asStored(noise(G * capacity * D, seed), dtype));
  const [toK, toV] = [3, 4].map((seed) => asStored(noise(G * toCapacity * D, seed), dtype));
  const moved = (from: Float32Array, before: Float32Array<ArrayBuffer>) => {
    const to = before.slice();
    index.forEach((s, i) => {
      const [g, j] = [Math.floor(i / take), i % take];
      to.set(from.subarray((g * capacity + s) * D, (g * capacity + s + 1) * D), (g * toCapacity + j) * D);
    });
    return to;
  };
  const scoring = { window: 1, kernel: 1, pooling: 'max', protect: 0, first: 0, ...UNSCORED } as const;
  return {
    name: `${take} of ${capacity} G=${G} D=${D}, room for ${toCapacity}`,
    D,
    op: selectionOp({ H: G, G, D, capacity, length: capacity, take, toCapacity, ...scoring }),
    step: oneStep(1),
    buffers: { index, k: k!, v: v!, to_k: toK!, to_v: toV! },
    expected: () => ({ to_k: moved(k!, toK!), to_v: moved(v!, toV!) }),
    tolerance: 0,
    bytes: G * take * (4 + 4 * D * elementBytes(dtype)),
  };
}

export const compactKvCases: KernelCases = {
  kernel: compact_kv,
  cases: (dtype) =>
    [
      { G: 1, D: 8, capacity: 9, take: 1, toCapacity: 1 },
      { G: 3, D: 80, capacity: 100, take: 41, toCapacity: 64 },
      { G: 2, D: 64, capacity: 33, take: 33, toCapacity: 40 }, // all of them
    ].map((shape) => compactCase(shape, dtype)),
  benchCases: (dtype) => [compactCase({ G: 8, D: 64, capacity: 4096, take: 410, toCapacity: 512 }, dtype)],
};
