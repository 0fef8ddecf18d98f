/** What the kernels that score and select share: their uniform, how a sequence is divided, and inputs for their cases. */
import { windowSees, type WindowInputs } from '../kv/score-reference';
import type { StorageDtype } from '../../protocol';
import { attentionOp, cappedReference, type AttentionValues } from './attention';
import { KEYS } from './attention_merge';
import { asStored, noise, oneStep, type KernelCase } from './cases';
import { elementBytes } from '../shapes';
import type { OpValues } from './kernel';

/** Fields of the Selection struct in chunks/selection.wgsl. */
export const SELECTION_OP = [
  'H',
  'G',
  'D',
  'capacity',
  'length',
  'window',
  'kernel',
  'average',
  'protect',
  'take',
  'to_capacity',
  'first',
  'scale:f32',
  'cap:f32',
  'sliding',
  'reduced',
] as const;

/** One selection. */
export interface SelectionValues extends AttentionValues {
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Entries a head of the source k, v has room for. */
  readonly capacity: number;
  /** N: tokens that the layer sees. */
  readonly length: number;
  /** Queries that score: the last ones of N. Their own entries always stay. */
  readonly window: number;
  /** Width of the pooling, odd. */
  readonly kernel: number;
  readonly pooling: 'max' | 'avg';
  /** Tokens at the start that stay; at most take - window. */
  readonly protect: number;
  /** Entries that stay in all, from window to N. */
  readonly take: number;
  /** Entries a head of the compacted cache has room for. */
  readonly toCapacity: number;
  /** Row of `pooled` to select from. */
  readonly first: number;
  /** The layer sees a part of the prompt's tokens, whose positions are given. */
  readonly reduced: boolean;
}

export const selectionOp = ({
  pooling,
  toCapacity,
  reduced,
  scale,
  cap,
  sliding,
  ...values
}: SelectionValues): OpValues => ({
  ...values,
  ...attentionOp({ scale, cap, sliding }),
  reduced: reduced ? 1 : 0,
  average: pooling === 'avg' ? 1 : 0,
  to_capacity: toCapacity,
});

/** For kernels that look at no keys. */
export const UNSCORED = { scale: 1, cap: undefined, sliding: undefined, reduced: false } as const;

/** Stretches of KEYS keys that window_stats and window_scores divide a sequence into. */
export const stretchesOf = (length: number): number => Math.ceil(length / KEYS);

export interface WindowShape {
  readonly H: number;
  readonly G: number;
  readonly D: number;
  readonly N: number;
  readonly window: number;
  /** Of q.k; default 1 / sqrt(D). */
  readonly scale?: number;
  readonly cap?: number;
  /** Positions that a query sees. */
  readonly sliding?: number;
  /** Tokens lie apart. */
  readonly reduced?: boolean;
}

/**
 * Every head dim, groups of 1, 2, 3 and 7, N just over the window and of odd lengths; windows of less, more and much more
 * than the 8 rows that a workgroup holds; stretches that some or most rows do not see.
 */
export const WINDOW_SHAPES: readonly WindowShape[] = [
  { H: 1, G: 1, D: 8, N: 9, window: 8 },
  { H: 2, G: 2, D: 8, N: 1, window: 1 },
  { H: 4, G: 2, D: 16, N: 65, window: 8, scale: 0.4 },
  { H: 9, G: 3, D: 32, N: 131, window: 1 },
  { H: 14, G: 2, D: 64, N: 203, window: 8 },
  { H: 2, G: 1, D: 80, N: 67, window: 16 },
  { H: 3, G: 3, D: 96, N: 64, window: 13 },
  { H: 4, G: 2, D: 128, N: 200, window: 64 },
  { H: 2, G: 1, D: 256, N: 70, window: 8 },
];

/** Windows of sight of one key, within a stretch, over its edges and beyond the prompt; of a reduced sequence too. */
export const SLIDING_SHAPES: readonly WindowShape[] = [
  { H: 2, G: 2, D: 8, N: 9, window: 8, sliding: 1 },
  { H: 4, G: 2, D: 16, N: 131, window: 8, sliding: 20 },
  { H: 14, G: 2, D: 64, N: 203, window: 8, sliding: 70 },
  { H: 2, G: 1, D: 80, N: 67, window: 16, sliding: 300 },
  { H: 4, G: 2, D: 32, N: 150, window: 12, sliding: 100, reduced: true },
];

/** What a window kernel's case starts from; the cache has room for more than N entries a head. */
export function windowSetting(shape: WindowShape, dtype: StorageDtype) {
  const { H, G, D, N, window, scale = 1 / Math.sqrt(D), cap, sliding, reduced = false } = shape;
  const positions = Uint32Array.from({ length: N }, (_, s) => (reduced ? 3 * s + (s % 3) : s));
  const capacity = N + 5;
  const q = noise(window * H * D, 1, 2);
  const k = asStored(noise(G * capacity * D, 2, 2), dtype);
  const how = { scale, cap, sliding };
  const inputs: WindowInputs = { H, G, D, N, window, ...how, q, capacity, k, positions: [...positions] };
  const unused = { kernel: 7, pooling: 'max', protect: 0, take: window, toCapacity: 0, first: 0 } as const;
  const base = {
    name: `H=${H} G=${G} D=${D} N=${N} window ${window}${cap ? ` cap ${cap}` : ''}${sliding ? ` sliding ${sliding}` : ''}${reduced ? ' reduced' : ''}`,
    D,
    op: selectionOp({ H, G, D, capacity, length: N, window, reduced, ...how, ...unused }),
    step: oneStep(1),
    buffers: { q_window: q, k, positions },
    flops: 2 * H * D * window * N,
    bytes: G * N * D * elementBytes(dtype),
  } satisfies Partial<KernelCase>;
  return { inputs, base };
}

/** Scores of a window row with the keys that it sees among from .. to - 1. */
export function windowLogits(inputs: WindowInputs, h: number, i: number, from = 0, to = inputs.N): number[] {
  const { H, G, D, N, scale, cap, q, capacity, k } = inputs;
  const g = Math.floor(h / (H / G));
  const slots = Array.from({ length: Math.max(0, Math.min(to, N) - from) }, (_, n) => from + n);
  return slots.filter(windowSees(inputs, i)).map((s) => {
    let dot = 0;
    for (let d = 0; d < D; d++) dot += q[(i * H + h) * D + d]! * k[(g * capacity + s) * D + d]!;
    return cappedReference(scale * dot, cap);
  });
}

/** The maximum and the sum of exponentials; of nothing, the lowest value and 0. */
export function softmaxStats(logits: readonly number[]): [top: number, sum: number] {
  const top = logits.reduce((a, b) => Math.max(a, b), -3e38);
  return [top, logits.reduce((sum, x) => sum + Math.exp(x - top), 0)];
}

/** Of whole rows. [H, window, 2] */
export function windowStatsReference(inputs: WindowInputs): Float32Array<ArrayBuffer> {
  const { H, window } = inputs;
  const rows = Array.from({ length: H * window }, (_, n) =>
    softmaxStats(windowLogits(inputs, Math.floor(n / window), n % window)),
  );
  return Float32Array.from(rows.flat());
}
