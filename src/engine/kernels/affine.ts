/**
 * Matrices as affine groups: along a row, each group of elements has a scale and a bias, and element i is scale * q + bias
 * for a q of 4 or 8 bits. The layout of MLX's quantized_matmul, so MLX checkpoints are used as they come.
 */
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from '../f16';
import type { Variant } from '../gpu/compose';
import type { StorageDtype } from '../../protocol';
import type { Kernel } from './kernel';
import type { Values } from './cases';
import { elementBytes } from '../shapes';

export const GROUP_BITS = [4, 8] as const;
export const GROUP_SIZES = [32, 64, 128] as const;

export interface AffineGroups {
  readonly bits: (typeof GROUP_BITS)[number];
  /** Elements along K that share a scale and a bias; divides K. */
  readonly group: (typeof GROUP_SIZES)[number];
  /** How scales and biases are held, in pairs. */
  readonly scales: 'f16' | 'bf16' | 'f32';
}

/** How the rows of a matrix lie: as floats, or as groups. */
export type MatrixForm = StorageDtype | AffineGroups;

/** Bytes of a row of K elements: of its values, and of its scales and biases. */
export function rowBytes(K: number, form: MatrixForm): { readonly values: number; readonly scales: number } {
  if (typeof form === 'string') return { values: K * elementBytes(form), scales: 0 };
  return { values: (K * form.bits) / 8, scales: (K / form.group) * (form.scales === 'f32' ? 8 : 4) };
}

export const sameForm = (a: MatrixForm | undefined, b: MatrixForm | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Shortest name of a form, for tables and tests: "q4/32 f16". */
export const formName = (form: MatrixForm): string =>
  typeof form === 'string' ? form : `q${form.bits}/${form.group} ${form.scales}`;

/** The kernel that reads its matrix w in this form: a matrix of floats is in the variant's dtype. */
export function reading(kernel: Kernel, form: MatrixForm): Kernel {
  if (typeof form === 'string') return kernel;
  const { bits, group, scales } = form;
  return {
    ...kernel,
    bindings: [...kernel.bindings, 'scales:read'],
    stored: kernel.stored.filter((name) => name !== 'w'),
    compose: (variant: Variant) => {
      const { consts, chunks = [], ...rest } = kernel.compose(variant);
      const others = chunks.filter((chunk) => !chunk.startsWith('weights_'));
      return {
        ...rest,
        consts: { ...consts, SCALES: kernel.bindings.length, GROUP: group },
        chunks: [`weights_q${bits}`, `scales_${scales}`, ...others],
      };
    },
  };
}

/** Groups as they lie on the GPU and in files: element i of a word in bits 4i or 8i. */
export interface Quantised {
  readonly words: Uint32Array<ArrayBuffer>;
  /** (scale, bias) a group, as rounded. */
  readonly scales: Float32Array<ArrayBuffer>;
}

const ROUND: Record<AffineGroups['scales'], (value: number) => number> = {
  f16: (value) => fromHalf(toHalf(value)),
  bf16: (value) => fromBfloat16(toBfloat16(value)),
  f32: (value) => value,
};

/** The specification of quantise.wgsl, for rows of whole groups. With f16 scales it is what quantise-on-load writes. */
export function quantiseReference(values: Float32Array, { bits, group, scales }: AffineGroups): Quantised {
  const steps = 2 ** bits - 1;
  const perWord = 32 / bits;
  const smallestHalf = 2 ** -24;
  const words = new Uint32Array(values.length / perWord);
  const ends = new Float32Array((2 * values.length) / group);
  for (let g = 0; g < values.length / group; g++) {
    const of = values.subarray(g * group, (g + 1) * group);
    const low = of.reduce((a, b) => Math.min(a, b));
    const high = of.reduce((a, b) => Math.max(a, b));
    const scale = ROUND[scales](Math.fround(Math.fround(high - low) * Math.fround(1 / steps)));
    const bias = ROUND[scales](low);
    ends.set([scale, bias], 2 * g);
    const divisor = Math.max(scale, smallestHalf);
    of.forEach((value, i) => {
      const at = Math.fround(Math.fround(value - bias) / divisor);
      const q = Math.max(0, Math.min(steps, Math.floor(Math.fround(at + 0.5))));
      words[Math.floor((g * group + i) / perWord)]! |= q << (bits * (i % perWord));
    });
  }
  return { words, scales: ends };
}

/** What the kernels make of groups. */
export function dequantiseReference(
  { words, scales }: Quantised,
  { bits, group }: AffineGroups,
): Float32Array<ArrayBuffer> {
  const perWord = 32 / bits;
  return Float32Array.from({ length: words.length * perWord }, (_, i) => {
    const q = (words[Math.floor(i / perWord)]! >>> (bits * (i % perWord))) & (2 ** bits - 1);
    const g = 2 * Math.floor(i / group);
    return Math.fround(scales[g]! * q) + scales[g + 1]!;
  });
}

/** Pairs of scale and bias as the kernels read them: scales come rounded already. */
export function encodeScales(pairs: Float32Array<ArrayBuffer>, dtype: AffineGroups['scales']): Values {
  if (dtype === 'f32') return pairs;
  return new Uint32Array(encodeEach(pairs, dtype).buffer);
}

/** Each value on its own, as files hold them. */
export function encodeEach(
  values: Float32Array<ArrayBuffer>,
  dtype: AffineGroups['scales'],
): Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer> {
  if (dtype === 'f32') return values;
  return Uint16Array.from(values, dtype === 'f16' ? toHalf : toBfloat16);
}
