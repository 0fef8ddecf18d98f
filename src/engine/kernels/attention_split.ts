import { ATTENTION, ATTENTION_INPUTS, attentionCase, type AttentionShape } from './attention';
import { KEYS, splitsOf } from './attention_merge';
import { ALL_PROFILES, type Kernel } from './kernel';
import type { KernelCase, KernelCases } from './cases';
import type { StorageDtype } from '../../protocol';

/** Query heads of a group that a workgroup takes at once; divides KEYS. */
const HEADS = 8;

/** One new query a head against stretches of the cache. `kept_most` is the longest head's; only the grid needs it. */
export const attention_split: Kernel = {
  name: 'attention_split',
  profiles: ALL_PROFILES,
  ...ATTENTION,
  bindings: [...ATTENTION_INPUTS, 'part:write'],
  compose: ({ dtype, D }) => ({ consts: { D, KEYS, HEADS }, chunks: ['step', `kv_${dtype}`] }),
  grid: (_, op, step) => [splitsOf(op['kept_most']!, step), op['G']!, Math.ceil(op['H']! / op['G']! / HEADS)],
};

/** What the stretches hold for the inputs of an attention case. [H, splits, D+2] */
function splitCase(shape: AttentionShape, dtype: StorageDtype): KernelCase {
  const base = attentionCase(shape, dtype);
  const { H, G, D, scale = 1 / Math.sqrt(D) } = shape;
  const { qkv, kept, k, v } = base.buffers as Record<string, Float32Array<ArrayBuffer>>;
  const kept_most = Math.max(...kept!);
  const splits = splitsOf(kept_most, base.step);
  const capacity = base.op['capacity']!;
  const expected = () => {
    const part = new Float32Array(H * splits * (D + 2));
    for (let item = 0; item < H * splits; item++) {
      const [h, split] = [Math.floor(item / splits), item % splits];
      const g = Math.floor(h / (H / G));
      const out = part.subarray(item * (D + 2), (item + 1) * (D + 2));
      out[D] = Math.fround(-3e38);
      const start = KEYS * split;
      const end = Math.min(start + KEYS, kept![g]! + base.step.appended + 1);
      const at = (s: number) => (g * capacity + s) * D;
      const scores = Array.from({ length: Math.max(0, end - start) }, (_, i) => {
        const row = at(start + i);
        let sum = 0;
        for (let d = 0; d < D; d++) sum += qkv![h * D + d]! * k![row + d]!;
        return scale * sum;
      });
      if (scores.length === 0) continue;
      out[D] = Math.max(...scores);
      scores.forEach((score, i) => {
        const p = Math.exp(score - out[D]!);
        out[D + 1]! += p;
        for (let d = 0; d < D; d++) out[d]! += p * v![at(start + i) + d]!;
      });
    }
    return { part };
  };
  const { o: _, ...inputs } = base.buffers;
  return {
    ...base,
    op: { ...base.op, kept_most },
    buffers: { ...inputs, part: new Float32Array(H * splits * (D + 2)) },
    expected,
  };
}

export const attentionSplitCases: KernelCases = {
  kernel: attention_split,
  cases: (dtype) =>
    [
      { T: 1, H: 1, G: 1, D: 8, cached: 0 },
      { T: 1, H: 4, G: 4, D: 16, cached: 63, scale: 0.4 },
      { T: 1, H: 4, G: 2, D: 32, cached: 64 },
      { T: 1, H: 9, G: 3, D: 64, cached: 65 },
      { T: 1, H: 14, G: 2, D: 80, cached: 200 },
      { T: 1, H: 11, G: 1, D: 96, cached: 130 },
      { T: 1, H: 18, G: 2, D: 128, cached: 9 },
    ].map((shape) => splitCase(shape, dtype)),
  benchCases: (dtype) => [splitCase({ T: 1, H: 8, G: 4, D: 64, cached: 1023 }, dtype)],
};
