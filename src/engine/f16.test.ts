import { describe, expect, it } from 'vitest';
import { fromBfloat16, fromHalf, toHalf } from './f16';

const LARGEST = 65_504;
const INFINITY_BITS = 0x7c00;
/** Bits of every half but NaNs; of one sign they are in the order of their values. */
const halves = (sign: 0 | 0x8000, last: number) =>
  Array.from({ length: last + 1 }, (_, magnitude) => sign | magnitude);

describe('fromHalf', () => {
  it('agrees with the definition at zero, the smallest, the largest and in between', () => {
    const values = [0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0x3c01, 0x7bff, 0xc000];
    const third = 0.333251953125;
    expect(values.map(fromHalf)).toEqual([
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      third,
      1,
      1 + 2 ** -10,
      LARGEST,
      -2,
    ]);
    expect(fromHalf(0x8000)).toBe(-0);
    expect([INFINITY_BITS, 0xfc00].map(fromHalf)).toEqual([Infinity, -Infinity]);
  });

  it('gives NaN for each of the 2046 NaNs and for nothing else', () => {
    const found = Array.from({ length: 65_536 }, (_, bits) => fromHalf(bits));
    expect(found.filter(Number.isNaN)).toHaveLength(2046);
    expect(Number.isNaN(fromHalf(0x7c01)) && Number.isNaN(fromHalf(0xffff))).toBe(true);
  });
});

describe('toHalf', () => {
  it.each([0, 0x8000] as const)('gives back each finite half of sign %i', (sign) => {
    const bits = halves(sign, INFINITY_BITS - 1);
    expect(bits.map((half) => toHalf(fromHalf(half)))).toEqual(bits);
  });

  it('takes the nearer of two halves, and of two equally near the even one', () => {
    // As floats: toHalf takes what a Float32Array holds. Halfway and its neighbours are exact there.
    for (const lower of halves(0, INFINITY_BITS - 2)) {
      const [a, b] = [fromHalf(lower), fromHalf(lower + 1)];
      const middle = (a + b) / 2;
      const nudge = (b - a) / 1024;
      const even = lower % 2 === 0 ? lower : lower + 1;
      const found = [middle - nudge, middle, middle + nudge].map(toHalf);
      const wanted = [lower, even, lower + 1];
      // Compared by hand: 31 743 calls of expect take seconds.
      if (found.join() !== wanted.join()) expect({ lower, found }).toEqual({ lower, found: wanted });
    }
    expect(toHalf(-(1 + 2 ** -11))).toBe(0x8000 | 0x3c00);
    expect(toHalf(-(1 + 3 * 2 ** -11))).toBe(0x8000 | 0x3c02);
  });

  it('rounds below the smallest half to zero with its sign, halfway too', () => {
    expect([2 ** -25, 2 ** -26, 1e-40].map(toHalf)).toEqual([0, 0, 0]);
    expect(toHalf(-(2 ** -25))).toBe(0x8000);
    expect(toHalf(1.01 * 2 ** -25)).toBe(1);
  });

  it('clamps to the largest half, infinities too', () => {
    expect([LARGEST + 1, 65_519, 65_520, 1e38, Infinity].map(toHalf)).toEqual(Array(5).fill(0x7bff));
    expect([-65_520, -1e38, -Infinity].map(toHalf)).toEqual(Array(3).fill(0xfbff));
  });
});

describe('fromBfloat16', () => {
  it('is the float whose upper half the bits are', () => {
    const floats = [1, -1, 3.140625, 2 ** -126, 2 ** -133, -0, Infinity];
    const upper = floats.map((value) => new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16);
    expect(upper.map(fromBfloat16)).toEqual(floats);
    expect(fromBfloat16(0x7fc0)).toBeNaN();
  });
});
