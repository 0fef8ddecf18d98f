/**
 * The two heavy parts of the CPU reference: the same sums as their twins' in kernels/, in loops that the compiler makes
 * fast, so that whole prompts take a second and not a minute. A test compares them with the twins.
 */
import { cappedReference } from '../kernels/attention';
import type { LinearInputs } from '../kernels/linear';

/** K and V of one layer, K after RoPE, by KV head. */
export interface KeysValues {
  /** Entries of each KV head. */
  readonly S: number;
  readonly k: Float32Array; // [G, S, D]
  readonly v: Float32Array; // [G, S, D]
  /** Original positions of each head's entries. [G][S] */
  readonly positions: readonly (readonly number[])[];
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
  /** Scores become cap tanh(score / cap). Undefined: they stay. */
  readonly cap: number | undefined;
  /** Positions that a row sees, its own included. Undefined: all up to its own. */
  readonly sliding: number | undefined;
  readonly q: Float32Array; // [T, H, D]
  /** Original positions of the rows. [T] */
  readonly positions: readonly number[];
  readonly kv: KeysValues;
}

/**
 * Attention of rows to the entries whose positions they see, whatever slots those are in; four dims at a time. [T, H, D]
 */
export function attendRows(attention: RowsAttention): Float32Array<ArrayBuffer> {
  const { H, G, D, q, kv, positions } = attention;
  const { S, v } = kv;
  const R = H / G;
  const o = new Float32Array(positions.length * H * D);
  const weights = new Float64Array(S);
  positions.forEach((own, t) => {
    for (let g = 0; g < G; g++) {
      const seen = slotsSeen(kv.positions[g]!, own, attention.sliding);
      for (let h = g * R; h < (g + 1) * R; h++) {
        const at = (t * H + h) * D;
        softmaxInto(weights, attention, seen, g, q.subarray(at, at + D));
        for (let d = 0; d < D; d += 4) {
          let [o0, o1, o2, o3] = [0, 0, 0, 0];
          for (let n = 0; n < seen.length; n++) {
            const weight = weights[n]!;
            const row = (g * S + seen[n]!) * D + d;
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
  });
  return o;
}

/** Entries at or before a position, and less than `sliding` before it. */
function slotsSeen(positions: readonly number[], own: number, sliding = Infinity): Uint32Array {
  const seen = new Uint32Array(positions.length);
  let count = 0;
  for (let s = 0; s < positions.length; s++) {
    const back = own - positions[s]!;
    if (back >= 0 && back < sliding) seen[count++] = s;
  }
  return seen.subarray(0, count);
}

/** Softmax over the scores of these entries of head g. q [D] */
function softmaxInto(
  weights: Float64Array,
  { D, scale, cap, kv: { S, k } }: RowsAttention,
  seen: Uint32Array,
  g: number,
  q: Float32Array,
): void {
  let top = -Infinity;
  for (let n = 0; n < seen.length; n++) {
    const row = (g * S + seen[n]!) * D;
    let [even, odd] = [0, 0];
    for (let d = 0; d < D; d += 2) {
      even += q[d]! * k[row + d]!;
      odd += q[d + 1]! * k[row + d + 1]!;
    }
    const score = cappedReference((even + odd) * scale, cap);
    weights[n] = score;
    if (score > top) top = score;
  }
  let total = 0;
  for (let n = 0; n < seen.length; n++) total += weights[n] = Math.exp(weights[n]! - top);
  for (let n = 0; n < seen.length; n++) weights[n]! /= total;
}
