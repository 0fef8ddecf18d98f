import { asStored, noise, oneStep, type KernelCase } from './cases';
import type { StorageDtype } from '../../protocol';
import { elementBytes } from '../shapes';
import type { Kernel } from './kernel';

/** What attention does beside softmax over all that came before. */
export interface AttentionKind {
  /** A query sees only so many positions. */
  readonly slides: boolean;
  /** Scores become cap tanh(score / cap). */
  readonly caps: boolean;
}

/** All that there are; the first is what most models have. */
export const ATTENTION_KINDS = [
  { slides: false, caps: false },
  { slides: true, caps: false },
  { slides: false, caps: true },
  { slides: true, caps: true },
] as const satisfies readonly AttentionKind[];

/** The kinds as constants of a shader: what a kind does without is not in its code. */
export const kindConsts = ({ slides, caps }: AttentionKind) => ({ SLIDES: `${slides}`, CAPS: `${caps}` });

/** A kernel for each kind, by its kind. */
export function byKind(make: (kind: AttentionKind) => Kernel): (kind: AttentionKind) => Kernel {
  const made = ATTENTION_KINDS.map((kind) => ({ kind, kernel: make(kind) }));
  return ({ slides, caps }) => made.find(({ kind }) => kind.slides === slides && kind.caps === caps)!.kernel;
}

/** A kind's values for its kernels. */
export interface AttentionValues {
  /** Of q.k, before softmax. */
  readonly scale: number;
  /** Undefined: none. */
  readonly cap: number | undefined;
  /** Positions that a query sees, its own included. Undefined: all up to its own. */
  readonly sliding: number | undefined;
}

export const kindOf = ({ cap, sliding }: Omit<AttentionValues, 'scale'>): AttentionKind => ({
  slides: sliding !== undefined,
  caps: cap !== undefined,
});

/** As op fields; a kind's kernel does not look at what it does without. */
export const attentionOp = ({ scale, cap = 0, sliding = 0 }: AttentionValues) => ({ scale, cap, sliding });

/** A score as softmax takes it. */
export const cappedReference = (score: number, cap: number | undefined): number =>
  cap === undefined ? score : cap * Math.tanh(score / cap);

/** What the attention kernels over the whole cache share. */
export const ATTENTION = {
  stored: ['k', 'v'],
  op: ['H', 'G', 'capacity', 'scale:f32'],
} as const;

/** Their first bindings. */
export const ATTENTION_INPUTS = [
  'op:uniform',
  'step:uniform',
  'qkv:read',
  'kept:read',
  'k:read',
  'v:read',
] as const;

export interface AttentionInputs {
  readonly T: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  readonly capacity: number;
  /** Of q.k; 1 / sqrt(D) in most models. */
  readonly scale: number;
  readonly cap?: number | undefined;
  /** Entries that row t sees in KV head g, from slot 0 or the first that it sees. */
  seen(t: number, g: number): number;
  /** Default 0. */
  first?(t: number, g: number): number;
  readonly qkv: Float32Array; // [T, H+2G, D]
  readonly k: Float32Array; // [G, capacity, D]
  readonly v: Float32Array; // [G, capacity, D]
}

/** Causal attention of T rows: the specification. [T, H, D] */
export function attentionReference(inputs: AttentionInputs): Float32Array<ArrayBuffer> {
  const { T, H, G, D, capacity, scale, cap, qkv, k, v } = inputs;
  const o = new Float32Array(T * H * D);
  for (let t = 0; t < T; t++) {
    for (let h = 0; h < H; h++) {
      const g = Math.floor(h / (H / G));
      const q = qkv.subarray((t * (H + 2 * G) + h) * D, (t * (H + 2 * G) + h + 1) * D);
      const first = inputs.first?.(t, g) ?? 0;
      const scores = Float64Array.from({ length: inputs.seen(t, g) - first }, (_, s) => {
        const row = (g * capacity + first + s) * D;
        return cappedReference(scale * q.reduce((sum, x, d) => sum + x * k[row + d]!, 0), cap);
      });
      const top = Math.max(...scores);
      const total = scores.reduce((sum, x) => sum + Math.exp(x - top), 0);
      scores.forEach((score, s) => {
        const p = Math.exp(score - top) / total;
        for (let d = 0; d < D; d++) o[(t * H + h) * D + d]! += p * v[(g * capacity + first + s) * D + d]!;
      });
    }
  }
  return o;
}

export interface AttentionShape {
  readonly T: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Entries before the tile. */
  readonly cached: number;
  /** Of q.k; default 1 / sqrt(D). */
  readonly scale?: number;
  readonly cap?: number;
  readonly sliding?: number;
  /** The tile's rows are some of cached + T that all lie in the cache; for attention_tiled. */
  readonly gathered?: boolean;
  /** The cache holds a reduced sequence, and nothing beside it. */
  readonly reduced?: boolean;
}

/** `count` positions of a sequence of N, ascending, spread over it; the last is N - 1. */
export const spreadPositions = (count: number, N: number): Uint32Array<ArrayBuffer> =>
  Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * N) / count) - 1);

/** `kept` differs by head, as after eviction: 0, 1, 2, 0, ... Gathered rows start at the second position. */
export function attentionCase(shape: AttentionShape, dtype: StorageDtype): KernelCase {
  const { T, H, G, D, cached, scale = 1 / Math.sqrt(D), cap, sliding } = shape;
  const { gathered = false, reduced = false } = shape;
  const capacity = cached + T + 3;
  const kept = Uint32Array.from({ length: G }, (_, g) => (reduced ? 0 : Math.min(g % 3, cached)));
  const appended = cached - (reduced ? 0 : Math.min(2, cached));
  const rowPositions = spreadPositions(T + 1, cached + T);
  // Of a reduced sequence: its entries' own, every third or so of a longer one.
  const positions = reduced ? spreadPositions(cached + T, 3 * (cached + T)) : rowPositions;
  const seen = (t: number, g: number) => (gathered ? rowPositions[t + 1]! : kept[g]! + appended + t) + 1;
  const first = (t: number, g: number) => {
    if (sliding === undefined) return 0;
    const own = seen(t, g) - 1;
    if (!reduced) return Math.max(0, own + 1 - sliding);
    return positions.findIndex((p) => positions[own]! - p < sliding);
  };
  const qkv = noise(T * (H + 2 * G) * D, 1, 2);
  const k = asStored(noise(G * capacity * D, 2, 2), dtype);
  const v = asStored(noise(G * capacity * D, 3), dtype);
  const how = [
    gathered ? `of ${cached + T}` : `cached ${cached}`,
    ...[['scale', shape.scale] as const, ['cap', cap] as const, ['sliding', sliding] as const].flatMap(
      ([name, value]) => (value === undefined ? [] : `${name} ${value}`),
    ),
    ...(reduced ? ['reduced'] : []),
  ];
  return {
    name: `T=${T} H=${H} G=${G} D=${D} ${how.join(' ')}`,
    D,
    op: {
      ...{ H, G, capacity, D, by_position: gathered ? 1 : 0, reduced: reduced ? 1 : 0 },
      ...attentionOp({ scale, cap, sliding }),
    },
    step: oneStep(T, { position: gathered ? 1 : appended, appended }),
    buffers: { qkv, kept, k, v, positions, o: new Float32Array(T * H * D) },
    expected: () => ({ o: attentionReference({ T, H, G, D, capacity, scale, cap, seen, first, qkv, k, v }) }),
    flops: 4 * D * H * T * (cached + T / 2),
    bytes: 2 * G * (cached + T) * D * elementBytes(dtype) + 8 * T * H * D,
  };
}

/** Every head dim, groups of 1, 2, 3, 7, odd lengths, empty and filled caches, lengths about the tiles' edges, gathered rows. */
export const prefillCases = (dtype: StorageDtype): KernelCase[] =>
  [
    { T: 1, H: 1, G: 1, D: 8, cached: 0 },
    { T: 9, H: 2, G: 2, D: 16, cached: 3, scale: 0.4 },
    { T: 33, H: 4, G: 2, D: 32, cached: 0 },
    { T: 17, H: 9, G: 3, D: 64, cached: 30 },
    { T: 5, H: 7, G: 1, D: 80, cached: 257 },
    { T: 20, H: 2, G: 1, D: 96, cached: 15 },
    { T: 40, H: 6, G: 2, D: 128, cached: 7 },
    { T: 11, H: 4, G: 2, D: 256, cached: 20 },
    { T: 1, H: 7, G: 1, D: 32, cached: 40, gathered: true },
    { T: 37, H: 6, G: 2, D: 64, cached: 90, gathered: true },
    { T: 20, H: 9, G: 3, D: 80, cached: 200, gathered: true },
  ].map((shape) => attentionCase(shape, dtype));

/** Windows within a tile, over many, longer than all; rows of a sequence that is whole, and a reduced one. */
export const slidingCases = (dtype: StorageDtype, cap?: number): KernelCase[] =>
  [
    { T: 9, H: 2, G: 2, D: 8, cached: 0, sliding: 1 },
    { T: 33, H: 4, G: 2, D: 32, cached: 70, sliding: 20 },
    { T: 40, H: 6, G: 2, D: 64, cached: 200, sliding: 65 },
    { T: 5, H: 7, G: 1, D: 128, cached: 90, sliding: 33 },
    { T: 12, H: 3, G: 3, D: 16, cached: 9, sliding: 500 },
    { T: 37, H: 6, G: 2, D: 64, cached: 90, sliding: 25, gathered: true },
    { T: 20, H: 9, G: 3, D: 80, cached: 60, sliding: 39, reduced: true },
    { T: 30, H: 4, G: 1, D: 96, cached: 130, sliding: 6, reduced: true },
  ].map((shape) => attentionCase(cap === undefined ? shape : { ...shape, cap }, dtype));
