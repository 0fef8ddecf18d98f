import type { Kernel, OpValues, Step } from './kernel';
import { fromHalf, toHalf } from '../f16';
import {
  dequantiseReference,
  encodeScales,
  quantiseReference,
  type AffineGroups,
  type MatrixForm,
} from './affine';
import type { Profile, StorageDtype } from '../../protocol';

export type Values = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
export type Buffers = Readonly<Record<string, Values>>;

/** One set of inputs for a kernel, with what must come out. One table serves tests and benchmarks. */
export interface KernelCase {
  readonly name: string;
  readonly D?: number;
  readonly op: OpValues;
  readonly step: Step;
  /** Content of every storage binding before the run; outputs too. Stored bindings are given as f32. */
  readonly buffers: Buffers;
  /** By the slow CPU twin: content afterwards of the bindings that change. */
  expected(): Buffers;
  /** Largest difference allowed, relative to the largest expected value of the binding. Default 1e-5. */
  readonly tolerance?: number;
  /** f32 bindings of (value, index) pairs: odd words are integers, no float tolerance sees them, they must be equal. */
  readonly pairs?: readonly string[];
  /** For benchmarks: multiply-adds count as two. */
  readonly flops?: number;
  readonly bytes?: number;
}

export interface KernelCases {
  readonly kernel: Kernel;
  cases(dtype: StorageDtype, profile: Profile): KernelCase[];
  /** Larger ones, for time; not checked. */
  benchCases?(dtype: StorageDtype): KernelCase[];
}

export const oneStep = (rows: number, more: Partial<Step> = {}): Step => ({
  rows,
  position: 0,
  appended: 0,
  draw: 0,
  ...more,
});

/** Deterministic values in [-scale, scale): a Weyl sequence through a hash. */
export function noise(length: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let h = Math.imul(i + 1, 0x9e37_79b1) ^ Math.imul(seed + 1, 0x85eb_ca6b);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
    h = Math.imul(h ^ (h >>> 12), 0x297a_2d39);
    out[i] = ((((h ^ (h >>> 15)) >>> 0) / 2 ** 32) * 2 - 1) * scale;
  }
  return out;
}

/** What remains of values once they are stored. */
export function asStored(values: Float32Array<ArrayBuffer>, dtype: StorageDtype): Float32Array<ArrayBuffer> {
  return dtype === 'f16' ? values.map((v) => fromHalf(toHalf(v))) : values;
}

/** The bytes of stored values. */
export function encodeStored(values: Float32Array<ArrayBuffer>, dtype: StorageDtype): Values {
  if (dtype === 'f32') return values;
  const halves = Uint16Array.from(values, toHalf);
  return new Uint32Array(halves.buffer);
}

export function decodeStored(
  words: Uint32Array<ArrayBuffer>,
  dtype: StorageDtype,
): Float32Array<ArrayBuffer> {
  if (dtype === 'f32') return new Float32Array(words.buffer);
  return Float32Array.from(new Uint16Array(words.buffer), fromHalf);
}

/** Forms that tests walk: every size of a group and every dtype of scales with 4 and with 8 bits or beside them. */
export const GROUP_FORMS: readonly AffineGroups[] = [
  { bits: 4, group: 32, scales: 'f16' },
  { bits: 8, group: 64, scales: 'f16' },
  { bits: 4, group: 64, scales: 'bf16' },
  { bits: 8, group: 32, scales: 'bf16' },
  { bits: 4, group: 128, scales: 'f32' },
  { bits: 8, group: 128, scales: 'f32' },
];

/** What quantise-on-load makes, for time. */
export const LOADED_FORMS: readonly AffineGroups[] = GROUP_FORMS.filter(({ scales }) => scales === 'f16');

/** A case's buffers for a matrix of these values, and the values that remain of them in that form. */
export function matrixBuffers(
  values: Float32Array<ArrayBuffer>,
  form: MatrixForm,
): { readonly buffers: Buffers; readonly values: Float32Array<ArrayBuffer> } {
  if (typeof form === 'string') {
    const stored = asStored(values, form);
    return { buffers: { w: stored }, values: stored };
  }
  const quantised = quantiseReference(values, form);
  const scales = encodeScales(quantised.scales, form.scales);
  return { buffers: { w: quantised.words, scales }, values: dequantiseReference(quantised, form) };
}
