import { ALL_PROFILES, type Kernel } from './kernel';
import { asStored, noise, oneStep, type KernelCase, type KernelCases } from './cases';
import type { StorageDtype } from '../../protocol';
import { elementBytes } from '../shapes';

const WG = 64;

const gather = (stored: boolean): Kernel => ({
  name: 'gather_rows',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'positions:read', 'source:read', 'x:write'],
  stored: stored ? ['source'] : [],
  op: ['C', 'first', 'count'],
  compose: ({ dtype }) => ({ consts: { WG }, chunks: ['step', `kv_${stored ? dtype : 'f32'}`] }),
  grid: (_, op, { rows }) => [Math.ceil(op['C']! / 4 / WG), rows, 1],
});

/** Rows of the tokens positions[step.position..] from a page of floats. Once a page: each leaves others' rows alone. */
export const gather_rows: Kernel = gather(false);

/** As gather_rows, from a page in the variant's dtype. */
export const gather_hidden: Kernel = gather(true);

interface Shape {
  readonly C: number;
  readonly page: readonly [first: number, count: number];
  readonly positions: readonly number[];
  /** Of `positions`, those before the tile. */
  readonly done: number;
}

function gatherCase({ C, page, positions, done }: Shape, dtype: StorageDtype): KernelCase {
  const [first, count] = page;
  const T = positions.length - done;
  const source = asStored(noise(count * C, 1), dtype);
  const x = noise(T * C, 2);
  return {
    name: `${T}x${C} from ${done}, page ${first}+${count}`,
    op: { C, first, count },
    step: oneStep(T, { position: done }),
    buffers: { positions: Uint32Array.from(positions), source, x },
    expected: () => {
      const out = x.slice();
      positions.slice(done).forEach((p, t) => {
        if (p >= first && p < first + count)
          out.set(source.subarray((p - first) * C, (p - first + 1) * C), t * C);
      });
      return { x: out };
    },
    tolerance: 0,
    bytes: T * C * (elementBytes(dtype) + 4),
  };
}

const SHAPES: readonly Shape[] = [
  { C: 8, page: [0, 5], positions: [4], done: 0 },
  { C: 576, page: [3, 4], positions: [0, 1, 2, 3, 6, 7, 9], done: 2 },
  { C: 264, page: [4096, 9], positions: [5, 4095, 4096, 4100, 4104, 4105], done: 0 },
];

const FIFTH_OF_A_PAGE: Shape = {
  C: 1024,
  page: [0, 2048],
  positions: Array.from({ length: 410 }, (_, i) => 5 * i),
  done: 0,
};

const casesOf = (kernel: Kernel, typeOf: (dtype: StorageDtype) => StorageDtype): KernelCases => ({
  kernel,
  cases: (dtype) => SHAPES.map((shape) => gatherCase(shape, typeOf(dtype))),
  benchCases: (dtype) => [gatherCase(FIFTH_OF_A_PAGE, typeOf(dtype))],
});

export const gatherRowsCases: KernelCases[] = [
  casesOf(gather_rows, () => 'f32'),
  casesOf(gather_hidden, (dtype) => dtype),
];
