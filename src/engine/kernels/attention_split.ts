import {
  ATTENTION,
  ATTENTION_INPUTS,
  attentionCase,
  byKind,
  cappedReference,
  kindConsts,
  type AttentionShape,
} from './attention';
import { KEYS, splitsOf } from './attention_merge';
import { ALL_PROFILES, type Kernel } from './kernel';
import type { KernelCase, KernelCases } from './cases';
import type { StorageDtype } from '../../protocol';

/** Query heads of a group that a workgroup takes at once; divides KEYS. */
const HEADS = 8;

/** One new query a head against stretches of the cache. `kept_most` is the longest head's; only the grid needs it. */
export const attention_split = byKind((kind): Kernel => ({
  name: 'attention_split',
  profiles: ALL_PROFILES,
  ...ATTENTION,
  op: [...ATTENTION.op, 'sliding', 'cap:f32'],
  bindings: [...ATTENTION_INPUTS, 'entries:read', 'part:write'],
  compose: ({ dtype, D }) => ({
    consts: { D, KEYS, HEADS, ...kindConsts(kind) },
    chunks: ['step', 'soft_cap', `kv_${dtype}`],
  }),
  grid: (_, op, step) => [splitsOf(op['kept_most']!, step), op['G']!, Math.ceil(op['H']! / op['G']! / HEADS)],
}));

/** What the stretches hold for the inputs of an attention case. [H, splits, D+2] */
function splitCase(shape: AttentionShape, dtype: StorageDtype): KernelCase {
  const base = attentionCase(shape, dtype);
  const { H, G, D, scale = 1 / Math.sqrt(D), cap, sliding } = shape;
  const { qkv, kept, k, v } = base.buffers as Record<string, Float32Array<ArrayBuffer>>;
  const kept_most = Math.max(...kept!);
  const splits = splitsOf(kept_most, base.step);
  const capacity = base.op['capacity']!;
  const { appended } = base.step;
  // Kept entries lie far apart before the appended ones, further in each head.
  const position = appended + 100;
  const entries = Uint32Array.from({ length: G * capacity }, (_, i) => {
    const [g, s] = [Math.floor(i / capacity), i % capacity];
    return s < kept![g]! ? 100 - (g + 2) * (kept![g]! - s) : 0;
  });
  const sees = (g: number, s: number) => {
    const at = s < kept![g]! ? entries[g * capacity + s]! : 100 + s - kept![g]!;
    return sliding === undefined || position - at < sliding;
  };
  const expected = () => {
    const part = new Float32Array(H * splits * (D + 2));
    for (let item = 0; item < H * splits; item++) {
      const [h, split] = [Math.floor(item / splits), item % splits];
      const g = Math.floor(h / (H / G));
      const out = part.subarray(item * (D + 2), (item + 1) * (D + 2));
      out[D] = Math.fround(-3e38);
      const from = KEYS * split;
      const slots = Array.from({ length: kept![g]! + appended + 1 }, (_, s) => s);
      const start = slots.find((s) => s >= from && sees(g, s)) ?? Infinity;
      const end = Math.min(from + KEYS, kept![g]! + appended + 1);
      const at = (s: number) => (g * capacity + s) * D;
      const scores = Array.from({ length: Math.max(0, end - start) }, (_, i) => {
        const row = at(start + i);
        let sum = 0;
        for (let d = 0; d < D; d++) sum += qkv![h * D + d]! * k![row + d]!;
        return cappedReference(scale * sum, cap);
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
    step: { ...base.step, position },
    op: { ...base.op, kept_most },
    buffers: { ...inputs, entries, part: new Float32Array(H * splits * (D + 2)) },
    expected,
  };
}

const SHAPES: readonly AttentionShape[] = [
  { T: 1, H: 1, G: 1, D: 8, cached: 0 },
  { T: 1, H: 4, G: 4, D: 16, cached: 63, scale: 0.4 },
  { T: 1, H: 4, G: 2, D: 32, cached: 64 },
  { T: 1, H: 9, G: 3, D: 64, cached: 65 },
  { T: 1, H: 14, G: 2, D: 80, cached: 200 },
  { T: 1, H: 11, G: 1, D: 96, cached: 130 },
  { T: 1, H: 18, G: 2, D: 128, cached: 9 },
  { T: 1, H: 4, G: 1, D: 256, cached: 70 },
];

/** Nothing kept is seen, some of it in some heads, all of it; whole stretches are not. */
const SLIDING: readonly AttentionShape[] = [
  { T: 1, H: 4, G: 2, D: 8, cached: 0, sliding: 1 },
  { T: 1, H: 9, G: 3, D: 32, cached: 200, sliding: 60 },
  { T: 1, H: 14, G: 2, D: 64, cached: 130, sliding: 129 },
  { T: 1, H: 9, G: 3, D: 16, cached: 70, sliding: 73 },
  { T: 1, H: 6, G: 3, D: 80, cached: 100, sliding: 400 },
];

const benchShape = { T: 1, H: 8, G: 4, D: 64, cached: 1023 };

export const attentionSplitCases: KernelCases[] = [
  {
    kernel: attention_split({ slides: false, caps: false }),
    cases: (dtype) => SHAPES.map((shape) => splitCase(shape, dtype)),
    benchCases: (dtype) => [splitCase(benchShape, dtype)],
  },
  {
    kernel: attention_split({ slides: true, caps: false }),
    cases: (dtype) => SLIDING.map((shape) => splitCase(shape, dtype)),
    benchCases: (dtype) => [splitCase({ ...benchShape, sliding: 512 }, dtype)],
  },
  {
    kernel: attention_split({ slides: false, caps: true }),
    cases: (dtype) => [splitCase({ ...SHAPES[3]!, cap: 1.5 }, dtype)],
  },
  {
    kernel: attention_split({ slides: true, caps: true }),
    cases: (dtype) => [splitCase({ ...SLIDING[1]!, cap: 0.8 }, dtype)],
  },
];
