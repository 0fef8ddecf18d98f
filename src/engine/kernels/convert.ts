import { ALL_PROFILES, fold, type Kernel } from './kernel';
import { asStored, noise, oneStep, type KernelCase, type KernelCases, type Values } from './cases';
import { fromBfloat16, fromHalf, toHalf } from '../f16';
import type { StorageDtype } from '../../protocol';
import { elementBytes } from '../shapes';

/** Dtypes of checkpoints that are converted on the GPU. */
export type RawDtype = 'BF16' | 'F16' | 'F32';

/** Brings a stretch of a tensor into a weight's layout. One kernel a dtype of the file. */
export const convert = Object.fromEntries(
  (['BF16', 'F16', 'F32'] as const).map((raw): [RawDtype, Kernel] => [
    raw,
    {
      name: 'convert',
      profiles: ALL_PROFILES,
      bindings: ['op:uniform', 'raw:read', 'out:write'],
      stored: ['out'],
      op: ['start', 'length', 'K', 'stride', 'offset', 'first', 'count'],
      compose: ({ dtype }) => ({ chunks: [`raw_${raw.toLowerCase()}`, `out_${dtype}`] }),
      grid: (_, op) => fold(Math.ceil(op['length']! / 2 / 64)),
    },
  ]),
) as Record<RawDtype, Kernel>;

/** A stretch of a tensor, and where its rows of K elements go; what `convert`, `quantise` and `place` are tried on. */
export interface StretchShape {
  readonly K: number;
  readonly start: number;
  readonly length: number;
  readonly stride: number;
  /** Negative for the second half of a fused tensor: rows before it belong elsewhere. */
  readonly offset: number;
  readonly piece: readonly [first: number, count: number];
}

type Shape = StretchShape & { readonly rows: number };

const SHAPES: readonly Shape[] = [
  { rows: 3, K: 8, start: 0, length: 24, stride: 1, offset: 0, piece: [0, 3] },
  { rows: 9, K: 24, start: 20, length: 150, stride: 2, offset: 1, piece: [0, 18] },
  { rows: 12, K: 40, start: 0, length: 480, stride: 1, offset: 5, piece: [8, 6] },
  { rows: 12, K: 8, start: 8, length: 88, stride: 2, offset: -11, piece: [0, 12] },
];

/** A matrix of a model of a billion parameters, for time. */
const MATRIX: Shape = {
  rows: 1024,
  K: 2048,
  start: 0,
  length: 1024 * 2048,
  stride: 1,
  offset: 0,
  piece: [0, 1024],
};

function convertCase(raw: RawDtype, dtype: StorageDtype, shape: Shape): KernelCase {
  const { start, length, K, stride, offset } = shape;
  const [first, count] = shape.piece;
  const source = noise(length, 1, 100);
  source[1] = raw === 'F16' ? 65_504 : 1e6; // beyond a half
  const encoded = encodeRaw(raw, source);
  const out = asStored(noise(count * K, 2), dtype);
  const expected = () => {
    const after = out.slice();
    encoded.values.forEach((v, i) => {
      const row = Math.floor((start + i) / K) * stride + offset - first;
      if (row >= 0 && row < count) after[row * K + ((start + i) % K)] = v;
    });
    return { out: asStored(after, dtype) };
  };
  return {
    name: `${raw} ${shape.rows}x${K} from ${start}, rows ${stride}r+${offset}, piece ${first}+${count}`,
    op: { start, length, K, stride, offset, first, count },
    step: oneStep(1),
    buffers: { raw: encoded.words, out },
    expected,
    bytes: length * (raw === 'F32' ? 4 : 2) + length * elementBytes(dtype),
    // Rounding to the nearest half is asked of pack2x16float, but not promised by WGSL: one unit of 2^-11 may differ.
    tolerance: dtype === 'f16' && raw !== 'F16' ? 5e-4 : 0,
  };
}

/** Values as a checkpoint's bytes, and what remains of them. */
export function encodeRaw(
  raw: RawDtype,
  values: Float32Array<ArrayBuffer>,
): { words: Values; values: Float32Array } {
  if (raw === 'F32') return { words: values, values };
  if (raw === 'F16') {
    const bits = Uint16Array.from(values, toHalf);
    return { words: new Uint32Array(bits.buffer), values: Float32Array.from(bits, fromHalf) };
  }
  const bits = Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
  return { words: new Uint32Array(bits.buffer), values: Float32Array.from(bits, fromBfloat16) };
}

export const convertCases: KernelCases[] = (Object.keys(convert) as RawDtype[]).map((raw) => ({
  kernel: convert[raw],
  cases: (dtype) => SHAPES.map((shape) => convertCase(raw, dtype, shape)),
  benchCases: (dtype) => [convertCase(raw, dtype, MATRIX)],
}));
