/**
 * The two heavy parts of the CPU reference: the same sums as their twins' in kernels/, in loops that the compiler makes
 * fast, so that whole prompts take a second and not a minute. A test compares them with the twins.
 */
import type { LinearInputs } from '../kernels/linear';

/** K and V of one layer, K after RoPE, by KV head. */
export interface KeysValues {
  /** Entries of each KV head. */
  readonly S: number;
  readonly k: Float32Array; // [G, S, D]
  readonly v: Float32Array; // [G, S, D]
}

/** As linearReference, four outputs at a time: every sum is taken in the same order. [T, N] */
export function linearRows({ T, N, K, x, w, bias }: LinearInputs): Float32Array<ArrayBuffer> {
  const y = new Float32Array(T * N);
  for (let n = 0; n < N; n += 4) {
    // Beyond the end the last output is computed again.
    const [n1, n2, n3] = [Math.min(n + 1, N - 1), Math.min(n + 2, N - 1), Math.min(n + 3, N - 1)];
    const [w0, w1, w2, w3] = [n * K, n1 * K, n2 * K, n3 * K];
    for (let t = 0; t < T; t++) {
      let [y0, y1, y2, y3] = [bias?.[n] ?? 0, bias?.[n1] ?? 0, bias?.[n2] ?? 0, bias?.[n3] ?? 0];
      for (let k = 0, row = t * K; k < K; k++) {
        const value = x[row + k]!;
        y0 += w[w0 + k]! * value;
        y1 += w[w1 + k]! * value;
        y2 += w[w2 + k]! * value;
        y3 += w[w3 + k]! * value;
      }
      y[t * N + n] = y0;
      y[t * N + n1] = y1;
      y[t * N + n2] = y2;
      y[t * N + n3] = y3;
    }
  }
  return y;
}

export interface RowsAttention {
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Of q.k, before softmax. */
  readonly scale: number;
  readonly q: Float32Array; // [T, H, D]
  readonly kv: KeysValues;
  /** How many entries, from the first, each row sees. [T] */
  readonly seen: readonly number[];
}

/** Attention of rows that each see a beginning of the entries, four dims at a time. [T, H, D] */
export function attendRows({ H, G, D, scale, q, kv, seen }: RowsAttention): Float32Array<ArrayBuffer> {
  const { S, k, v } = kv;
  const o = new Float32Array(seen.length * H * D);
  const weights = new Float64Array(S);
  for (let t = 0; t < seen.length; t++) {
    for (let h = 0; h < H; h++) {
      const first = Math.floor(h / (H / G)) * S * D;
      const at = (t * H + h) * D;
      softmaxInto(weights, seen[t]!, scale, q.subarray(at, at + D), k.subarray(first, first + S * D));
      for (let d = 0; d < D; d += 4) {
        let [o0, o1, o2, o3] = [0, 0, 0, 0];
        for (let s = 0, row = first + d; s < seen[t]!; s++, row += D) {
          const weight = weights[s]!;
          o0 += weight * v[row]!;
          o1 += weight * v[row + 1]!;
          o2 += weight * v[row + 2]!;
          o3 += weight * v[row + 3]!;
        }
        o[at + d] = o0;
        o[at + d + 1] = o1;
        o[at + d + 2] = o2;
        o[at + d + 3] = o3;
      }
    }
  }
  return o;
}

/** Softmax of scale q.k over the first `count` rows of k. q [D], k [S, D] */
function softmaxInto(
  weights: Float64Array,
  count: number,
  scale: number,
  q: Float32Array,
  k: Float32Array,
): void {
  const D = q.length;
  let top = -Infinity;
  for (let s = 0, row = 0; s < count; s++, row += D) {
    let [even, odd] = [0, 0];
    for (let d = 0; d < D; d += 2) {
      even += q[d]! * k[row + d]!;
      odd += q[d + 1]! * k[row + d + 1]!;
    }
    const score = (even + odd) * scale;
    weights[s] = score;
    if (score > top) top = score;
  }
  let total = 0;
  for (let s = 0; s < count; s++) total += weights[s] = Math.exp(weights[s]! - top);
  for (let s = 0; s < count; s++) weights[s]! /= total;
}
