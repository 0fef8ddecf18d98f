import { ALL_PROFILES, type Kernel, type Step } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';

const WG = 32;

/** Cache entries of a stretch: what a workgroup of attention_split takes. */
export const KEYS = 64;

/** Stretches of KEYS entries that the longest head has, the new one included. */
export const splitsOf = (keptMost: number, { appended }: Step): number =>
  Math.ceil((keptMost + appended + 1) / KEYS);

/** Joins the stretches of attention_split. */
export const attention_merge: Kernel = {
  name: 'attention_merge',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'part:read', 'o:write'],
  stored: [],
  op: ['H', 'kept_most'],
  compose: ({ D }) => ({ consts: { WG, D, KEYS }, chunks: ['step'] }),
  grid: (_, op) => [op['H']!, 1, 1],
};

function mergeCase(H: number, D: number, length: number): KernelCase {
  const step = oneStep(1, { appended: length - 3 });
  const splits = splitsOf(2, step);
  const part = noise(H * splits * (D + 2), 1, 4);
  // l is a sum of exponentials; a stretch past a shorter head's end is empty: o = 0, m = the lowest, l = 0.
  for (let i = 0; i < H * splits; i++) part[i * (D + 2) + D + 1] = Math.abs(part[i * (D + 2) + D + 1]!) + 0.1;
  if (splits > 1) part.set([...new Array<number>(D).fill(0), -3e38, 0], (splits - 1) * (D + 2));
  const expected = () => {
    const o = new Float32Array(H * D);
    for (let h = 0; h < H; h++) {
      const rows = Array.from({ length: splits }, (_, i) => part.subarray((h * splits + i) * (D + 2)));
      const top = Math.max(...rows.map((row) => row[D]!));
      const total = rows.reduce((sum, row) => sum + Math.exp(row[D]! - top) * row[D + 1]!, 0);
      for (let d = 0; d < D; d++) {
        o[h * D + d] = rows.reduce((sum, row) => sum + Math.exp(row[D]! - top) * row[d]!, 0) / total;
      }
    }
    return { o };
  };
  return {
    name: `H=${H} D=${D} splits ${splits}`,
    D,
    op: { H, kept_most: 2 },
    step,
    buffers: { part, o: new Float32Array(H * D) },
    expected,
    bytes: 4 * part.length,
  };
}

export const attentionMergeCases: KernelCases = {
  kernel: attention_merge,
  cases: () => [mergeCase(1, 8, 3), mergeCase(4, 32, 65), mergeCase(3, 80, 400), mergeCase(9, 128, 64)],
  benchCases: () => [mergeCase(16, 64, 8192)],
};
