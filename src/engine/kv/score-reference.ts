/**
 * Scoring and selecting on the CPU, slow and plain: the specification of the kernels window_*, pool_scores and select_top,
 * and a part of the whole-model reference. Source: arXiv:2502.01068 and its published code.
 */
import { cappedReference } from '../kernels/attention';
import type { Scorer } from './policy';

export interface WindowInputs {
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Tokens that the layer sees. */
  readonly N: number;
  readonly window: number;
  /** Of q.k, before softmax. */
  readonly scale: number;
  readonly cap?: number | undefined;
  /** Positions that a query sees, its own included. Undefined: all up to its own. */
  readonly sliding?: number | undefined;
  /** Original positions of the N tokens, ascending. Left out: their own numbers. */
  readonly positions?: readonly number[] | undefined;
  /** Of the last `window` tokens, after RoPE. [window, H, D] */
  readonly q: Float32Array;
  /** Entries a head has room for. */
  readonly capacity: number;
  readonly k: Float32Array; // [G, capacity, D]
}

/** Whether row i of the window sees the token at s. */
export function windowSees({ N, window, sliding = Infinity, positions }: WindowInputs, i: number) {
  const own = N - window + i;
  const at = (s: number) => positions?.[s] ?? s;
  return (s: number): boolean => s <= own && at(own) - at(s) < sliding;
}

/**
 * Attention that each key gets from the window: softmax over the keys that a query sees (all N, or those within its sliding
 * window, causal among the observation window's own), summed over the window's queries. The window's columns are there too; who scores leaves them out. [H, N]
 */
export function windowScoresReference(inputs: WindowInputs): Float32Array<ArrayBuffer> {
  const { H, G, D, N, window, scale, cap, q, capacity, k } = inputs;
  const scores = new Float32Array(H * N);
  for (let h = 0; h < H; h++) {
    const g = Math.floor(h / (H / G));
    const sums = new Float64Array(N);
    for (let i = 0; i < window; i++) {
      const seen = Array.from({ length: N }, (_, s) => s).filter(windowSees(inputs, i));
      const logits = Float64Array.from(seen, (s) => {
        let dot = 0;
        for (let d = 0; d < D; d++) dot += q[(i * H + h) * D + d]! * k[(g * capacity + s) * D + d]!;
        return cappedReference(scale * dot, cap);
      });
      const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
      const weights = logits.map((x) => Math.exp(x - top));
      const total = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, n) => (sums[seen[n]!]! += weight / total));
    }
    scores.set(sums, h * N);
  }
  return scores;
}

/**
 * Pooled along the tokens before the window, then summed over the heads of a group. Average pooling divides by the whole
 * kernel at the ends too, as the published code does. Entries of the window are 0. [G, N]
 */
export function poolScoresReference(
  { H, G, N }: Pick<WindowInputs, 'H' | 'G' | 'N'>,
  { window, kernel, pooling }: Scorer,
  scores: Float32Array,
): Float32Array<ArrayBuffer> {
  const n = N - window;
  const half = Math.floor(kernel / 2);
  const R = H / G;
  const pooled = new Float32Array(G * N);
  for (let h = 0; h < H; h++) {
    for (let s = 0; s < n; s++) {
      const near = scores.subarray(h * N + Math.max(0, s - half), h * N + Math.min(n, s + half + 1));
      const value =
        pooling === 'max' ? near.reduce((a, b) => Math.max(a, b)) : near.reduce((a, b) => a + b, 0) / kernel;
      pooled[Math.floor(h / R) * N + s]! += value;
    }
  }
  return pooled;
}

/** Columns summed over the rows. [rows, N] -> [N] */
export function sumRows(values: Float32Array, N: number): Float32Array<ArrayBuffer> {
  const sums = new Float32Array(N);
  values.forEach((value, i) => (sums[i % N]! += value));
  return sums;
}

export interface Selection {
  /** Tokens to select from; the window is its last ones. */
  readonly N: number;
  readonly window: number;
  /** Tokens at the start that stay, as far as there is room. */
  readonly protect: number;
  /** How many stay in all. From `window` to N. */
  readonly take: number;
}

/** Protected tokens that a selection has room for beside the window. */
export const protectedOf = ({ window, protect, take }: Omit<Selection, 'N'>): number =>
  Math.min(protect, take - window);

/** Indices of protected tokens, of the highest scores between, and of the window, ascending; ties go to the lower. [take] */
export function selectTopReference(selection: Selection, scores: Float32Array): Uint32Array<ArrayBuffer> {
  const { N, window, take } = selection;
  const first = protectedOf(selection);
  const between = Array.from({ length: Math.max(0, N - window - first) }, (_, i) => first + i);
  between.sort((a, b) => scores[b]! - scores[a]! || a - b);
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const chosen = [...range(0, first), ...between.slice(0, take - window - first), ...range(N - window, N)];
  return Uint32Array.from(chosen.sort((a, b) => a - b));
}
