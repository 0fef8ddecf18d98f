import type { StorageDtype } from '../protocol';

/**
 * Shape letters, fixed once for TypeScript, WGSL and documents:
 *   T new tokens   S cached entries   L layers   H query heads   G KV heads   D head dim
 *   C model dim (hidden_size)   F ffn dim (intermediate_size)   V vocabulary
 */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** Index into the vocabulary. */
export type TokenId = Branded<'TokenId'>;

/** Bytes of a stored element. */
export const elementBytes = (dtype: StorageDtype): number => (dtype === 'f16' ? 2 : 4);

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);
export const roundUp = (a: number, multiple: number): number => ceilDiv(a, multiple) * multiple;
