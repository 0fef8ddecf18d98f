import { describe, expect, it } from 'vitest';
import { dequantiseReference, encodeScales, quantiseReference, rowBytes } from './affine';
import { GROUP_FORMS, noise } from './cases';

describe.each(GROUP_FORMS)('groups of $group with $bits bits and scales of $scales', (form) => {
  const values = noise(3 * 128 * form.group, 1, 0.05);
  const quantised = quantiseReference(values, form);

  it('lose at most half a step, and what rounding takes of the ends', () => {
    const back = dequantiseReference(quantised, form);
    // The ends are off by a rounding of scale and bias each: relatively 2^-9 with bf16.
    const rounding = { f16: 2 ** -11, bf16: 2 ** -8, f32: 2 ** -22 }[form.scales];
    for (const [i, value] of values.entries()) {
      const scale = quantised.scales[2 * Math.floor(i / form.group)]!;
      expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(scale / 2 + 0.1 * rounding);
    }
  });

  it('take the bytes that rowBytes says', () => {
    const { values: bytes, scales } = rowBytes(values.length, form);
    expect(quantised.words.byteLength).toBe(bytes);
    expect(encodeScales(quantised.scales, form.scales).byteLength).toBe(scales);
  });
});

describe('quantising', () => {
  const form = { bits: 4, group: 32, scales: 'f16' } as const;

  it('puts element i of a word in bits 4i or 8i', () => {
    const steps = Float32Array.from({ length: 32 }, (_, i) => i % 16);
    expect([...quantiseReference(steps, form).words]).toEqual([
      0x76543210, 0xfedcba98, 0x76543210, 0xfedcba98,
    ]);
    const bytes = Float32Array.from({ length: 32 }, (_, i) => (i === 31 ? 255 : i));
    expect(quantiseReference(bytes, { ...form, bits: 8 }).words[1]).toBe(0x07060504);
  });

  it('keeps a group of one value, and a group of zeros', () => {
    const same = new Float32Array(64).fill(0.125, 0, 32);
    expect(dequantiseReference(quantiseReference(same, form), form)).toEqual(same);
  });
});
