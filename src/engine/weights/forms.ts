/** How a model's matrices lie on the GPU, and who says so: the checkpoint, or whoever loads it. */
import type { StorageDtype, WeightForm } from '../../protocol';
import type { AffineGroups, MatrixForm } from '../kernels/affine';

/** Matrices that a checkpoint holds as groups, by their name without `.weight`. */
export type Packed = ReadonlyMap<string, AffineGroups>;

export interface WeightForms {
  /** Of matrices that are not quantised, and of the KV cache. */
  readonly dtype: StorageDtype;
  /** Bits to which matrices are quantised while they are loaded; undefined: not. */
  readonly quantise?: 'q8' | 'q4' | undefined;
  /** What stays as it is. */
  readonly packed?: Packed | undefined;
}

/** `form` as its parts: quantised matrices go with a cache of halves. */
export const formsFor = (form: WeightForm): WeightForms =>
  form === 'q8' || form === 'q4' ? { dtype: 'f16', quantise: form } : { dtype: form };

/**
 * Groups that quantise-on-load makes. With 4 bits a group of 32 takes 5 bits an element, half of them in error of a group of
 * 128; with 8 bits rounding hardly shows, and 64 save half a bit an element over 32. Undefined where K is no multiple of
 * 32: such a matrix stays as it is.
 */
export function groupsFor(quantise: 'q8' | 'q4', K: number): AffineGroups | undefined {
  if (K % 32 !== 0) return undefined;
  if (quantise === 'q4') return { bits: 4, group: 32, scales: 'f16' };
  return { bits: 8, group: K % 64 === 0 ? 64 : 32, scales: 'f16' };
}

/** How the matrix of this name, without `.weight`, lies: rows of K elements. */
export function formOf({ dtype, quantise, packed }: WeightForms, tensor: string, K: number): MatrixForm {
  if (packed?.size) return packed.get(tensor) ?? dtype;
  return (quantise && groupsFor(quantise, K)) ?? dtype;
}
