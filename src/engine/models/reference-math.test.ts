import { describe, expect, it } from 'vitest';
import { attentionReference } from '../kernels/attention';
import { noise } from '../kernels/cases';
import { linearReference } from '../kernels/linear';
import { attendRows, linearRows } from './reference-math';

describe('the fast forms of the CPU twins', () => {
  it.each([
    { T: 1, N: 8, K: 8, biased: true },
    { T: 5, N: 30, K: 24, biased: false },
    { T: 3, N: 1, K: 16, biased: true },
    { T: 3, N: 33, K: 16, biased: false },
    { T: 2, N: 67, K: 40, biased: true },
  ])('give every bit of the linear twin: $T x $N x $K', ({ T, N, K, biased }) => {
    const inputs = {
      T,
      N,
      K,
      x: noise(T * K, 1),
      w: noise(N * K, 2),
      bias: biased ? noise(N, 3) : undefined,
    };
    expect(linearRows(inputs)).toEqual(linearReference(inputs));
  });

  it.each([
    { H: 1, G: 1, D: 8 },
    { H: 4, G: 2, D: 16 },
    { H: 6, G: 1, D: 80 },
  ])('attend as the attention twin, to rounding: $H heads on $G of $D', ({ H, G, D }) => {
    const [T, S] = [7, 19];
    const qkv = noise(T * (H + 2 * G) * D, 1, 3);
    const [k, v] = [noise(G * S * D, 2, 3), noise(G * S * D, 3)];
    const seen = [1, 2, 5, 6, 11, 18, 19];
    const q = new Float32Array(T * H * D);
    for (let t = 0; t < T; t++) {
      q.set(qkv.subarray(t * (H + 2 * G) * D, (t * (H + 2 * G) + H) * D), t * H * D);
    }
    const positions = Array.from({ length: S }, (_, s) => s);
    const kv = { S, k, v, positions: new Array<number[]>(G).fill(positions) };
    const own = seen.map((count) => count - 1);
    for (const how of [{}, { sliding: 4 }, { cap: 1.2 }, { sliding: 1, cap: 0.7 }]) {
      const { cap, sliding } = { cap: undefined, sliding: undefined, ...how };
      const first = (t: number) => Math.max(0, seen[t]! - (sliding ?? S));
      const inputs = { T, H, G, D, capacity: S, scale: 0.3, cap, qkv, k, v };
      const expected = attentionReference({ ...inputs, seen: (t) => seen[t]!, first });
      const found = attendRows({ H, G, D, scale: 0.3, cap, sliding, q, kv, positions: own });
      // The twin sums in f32.
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6));
    }
  });
});
