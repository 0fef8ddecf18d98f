import { ALL_PROFILES, type Kernel } from './kernel';
import { asStored, noise, oneStep, type KernelCase, type KernelCases } from './cases';
import type { StorageDtype } from '../../protocol';
import { elementBytes } from '../shapes';

const WG = 64;

/** Rows of a tile, in the variant's dtype, to a page that holds tokens first..first+count. Once a page. */
export const store_rows: Kernel = {
  name: 'store_rows',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'x:read', 'page:write'],
  stored: ['page'],
  op: ['C', 'first', 'count'],
  compose: ({ dtype }) => ({ consts: { WG }, chunks: ['step', `kv_${dtype}`] }),
  grid: (_, op, { rows }) => [Math.ceil(op['C']! / 4 / WG), rows, 1],
};

interface Shape {
  readonly C: number;
  readonly T: number;
  /** Index of the tile's first token. */
  readonly appended: number;
  readonly page: readonly [first: number, count: number];
  readonly scale?: number;
}

function storeCase(shape: Shape, dtype: StorageDtype): KernelCase {
  const { C, T, appended, scale = 1 } = shape;
  const [first, count] = shape.page;
  const x = noise(T * C, 1, scale);
  const page = asStored(noise(count * C, 2), dtype);
  // Beyond the largest half comes the largest half.
  const most = dtype === 'f16' ? 65_504 : Infinity;
  return {
    name: `${T}x${C} up to ${scale} at ${appended}, page ${first}+${count}`,
    op: { C, first, count },
    step: oneStep(T, { appended }),
    buffers: { x, page },
    expected: () => {
      const out = page.slice();
      for (let t = 0; t < T; t++) {
        const s = appended + t;
        if (s >= first && s < first + count) out.set(x.subarray(t * C, (t + 1) * C), (s - first) * C);
      }
      return {
        page: asStored(
          out.map((value) => Math.min(most, Math.max(-most, value))),
          dtype,
        ),
      };
    },
    // Rounding to the nearest half is asked of pack2x16float, but not promised by WGSL: one unit of 2^-11 may differ.
    tolerance: dtype === 'f16' ? 5e-4 : 0,
    bytes: T * C * (4 + elementBytes(dtype)),
  };
}

const SHAPES: readonly Shape[] = [
  { C: 8, T: 1, appended: 4, page: [0, 5] },
  { C: 576, T: 7, appended: 2, page: [4, 3] }, // rows before the page and past it
  { C: 264, T: 3, appended: 4095, page: [4096, 9] },
  { C: 16, T: 2, appended: 0, page: [0, 2], scale: 3e5 },
];

export const storeRowsCases: KernelCases = {
  kernel: store_rows,
  cases: (dtype) => SHAPES.map((shape) => storeCase(shape, dtype)),
  benchCases: (dtype) => [storeCase({ C: 1024, T: 512, appended: 0, page: [0, 2048] }, dtype)],
};
