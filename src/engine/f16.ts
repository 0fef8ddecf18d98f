/** Half and bfloat16 conversions on the CPU: for small vectors, references and tests. Matrices are converted on the GPU. */

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** Bits of the half nearest to `value`, ties to even; beyond the largest half clamped to it, as the shaders do. */
export function toHalf(value: number): number {
  floats[0] = Math.max(-65_504, Math.min(65_504, value));
  const bits = words[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude < 0x3880_0000) {
    // Below the smallest normal half: steps of 2^-24.
    floats[0] = Math.abs(floats[0]);
    return sign | roundEven(floats[0] * 2 ** 24);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x3800_0000) >>> 13);
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Value of a half's bits. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Value of a bfloat16's bits: the upper half of a float. */
export function fromBfloat16(bits: number): number {
  words[0] = bits << 16;
  return floats[0]!;
}

/** To the nearest bfloat16, ties to even. */
export function toBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
