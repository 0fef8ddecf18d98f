import { asStored, noise, oneStep, type KernelCase } from './cases';
import type { StorageDtype } from '../../protocol';
import { elementBytes } from '../shapes';

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
  /** Entries that row t sees in KV head g, from slot 0. */
  seen(t: number, g: number): number;
  readonly qkv: Float32Array; // [T, H+2G, D]
  readonly k: Float32Array; // [G, capacity, D]
  readonly v: Float32Array; // [G, capacity, D]
}

/** Causal attention of T rows: the specification. [T, H, D] */
export function attentionReference(inputs: AttentionInputs): Float32Array<ArrayBuffer> {
  const { T, H, G, D, capacity, scale, qkv, k, v } = inputs;
  const o = new Float32Array(T * H * D);
  for (let t = 0; t < T; t++) {
    for (let h = 0; h < H; h++) {
      const g = Math.floor(h / (H / G));
      const q = qkv.subarray((t * (H + 2 * G) + h) * D, (t * (H + 2 * G) + h + 1) * D);
      const scores = Float64Array.from({ length: inputs.seen(t, g) }, (_, s) => {
        const row = (g * capacity + s) * D;
        return scale * q.reduce((sum, x, d) => sum + x * k[row + d]!, 0);
      });
      const top = Math.max(...scores);
      const total = scores.reduce((sum, x) => sum + Math.exp(x - top), 0);
      scores.forEach((score, s) => {
        const p = Math.exp(score - top) / total;
        for (let d = 0; d < D; d++) o[(t * H + h) * D + d]! += p * v[(g * capacity + s) * D + d]!;
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
  /** The tile's rows are some of cached + T that all lie in the cache; for attention_tiled. */
  readonly gathered?: boolean;
}

/** `count` positions of a sequence of N, ascending, spread over it; the last is N - 1. */
export const spreadPositions = (count: number, N: number): Uint32Array<ArrayBuffer> =>
  Uint32Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * N) / count) - 1);

/** `kept` differs by head, as after eviction: 0, 1, 2, 0, ... Gathered rows start at the second position. */
export function attentionCase(shape: AttentionShape, dtype: StorageDtype): KernelCase {
  const { T, H, G, D, cached, scale = 1 / Math.sqrt(D), gathered = false } = shape;
  const capacity = cached + T + 3;
  const kept = Uint32Array.from({ length: G }, (_, g) => Math.min(g % 3, cached));
  const appended = cached - Math.min(2, cached);
  const positions = spreadPositions(T + 1, cached + T);
  const seen = (t: number, g: number) => (gathered ? positions[t + 1]! : kept[g]! + appended + t) + 1;
  const qkv = noise(T * (H + 2 * G) * D, 1, 2);
  const k = asStored(noise(G * capacity * D, 2, 2), dtype);
  const v = asStored(noise(G * capacity * D, 3), dtype);
  return {
    name: `T=${T} H=${H} G=${G} D=${D} ${gathered ? `of ${cached + T}` : `cached ${cached}`}${shape.scale ? ` scale ${scale}` : ''}`,
    D,
    op: { H, G, capacity, D, scale, by_position: gathered ? 1 : 0 },
    step: oneStep(T, { position: gathered ? 1 : appended, appended }),
    buffers: { qkv, kept, k, v, positions, o: new Float32Array(T * H * D) },
    expected: () => ({ o: attentionReference({ T, H, G, D, capacity, scale, seen, qkv, k, v }) }),
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
    { T: 1, H: 7, G: 1, D: 32, cached: 40, gathered: true },
    { T: 37, H: 6, G: 2, D: 64, cached: 90, gathered: true },
    { T: 20, H: 9, G: 3, D: 80, cached: 200, gathered: true },
  ].map((shape) => attentionCase(shape, dtype));
