/** Scoring, selecting and compacting during one prefill: its buffers, its lines, and what it chose. */
import type { SelectionReport } from '../../protocol';
import type { Buffers } from '../gpu/buffers';
import type { Recorder } from '../gpu/recorder';
import { kindOf } from '../kernels/attention';
import { compact_kv } from '../kernels/compact_kv';
import type { Step } from '../kernels/kernel';
import { kept_positions } from '../kernels/kept_positions';
import { pool_scores } from '../kernels/pool_scores';
import { select_top } from '../kernels/select_top';
import { selectionOp } from '../kernels/selection';
import { window_merge } from '../kernels/window_merge';
import { window_queries } from '../kernels/window_queries';
import { window_scores } from '../kernels/window_scores';
import { window_stats, windowPartFloats } from '../kernels/window_stats';
import { sequence, type Op, type OpMaker } from '../models/ops';
import { attentionOf, type ModelSpec } from '../models/spec';
import { scores, seenBy, tspLayerOf } from '../stages';
import type { KvLayer } from './layers';
import type { Scorer } from './policy';
import type { ReadingPlan } from './reading-plan';
import { protectedOf } from './score-reference';

export interface SelectingParts {
  readonly spec: Pick<ModelSpec, 'L' | 'H' | 'G' | 'D' | 'layers' | 'attentionScale' | 'attentionCap'>;
  readonly buffers: Buffers;
  readonly make: OpMaker;
  readonly plan: ReadingPlan & { readonly scorer: Scorer };
  readonly qkv: GPUBuffer;
  /** What layers write while reading, and what decoding will read. [L] */
  readonly reading: readonly KvLayer[];
  readonly hot: readonly KvLayer[];
}

type Plan = SelectingParts['plan'];
type Heads = Pick<ModelSpec, 'H' | 'G' | 'D'>;

/** Words of each buffer that selecting needs, besides the staging one. */
function bufferFloats({ H, G, D }: Heads, plan: Plan) {
  const { window } = plan.scorer;
  const N = plan.kept.some((_, l) => scores(plan, l)) ? plan.N : 0;
  return {
    q_window: window * H * D,
    part: windowPartFloats(H, N, window),
    stats: 2 * H * window,
    score: H * N,
    pooled: (G + 2) * N,
    index: N && G * Math.max(...plan.kept),
    positions: plan.propagated,
  };
}

/** Words on their way back: what each layer keeps, what T propagates, and its attention mass. */
const stagingWords = ({ G }: Heads, plan: Plan): number =>
  plan.kept.reduce((sum, take, l) => (take < seenBy(plan, l) ? sum + G * take : sum), 0) +
  (plan.propagated < plan.N ? plan.propagated + plan.N : 0);

/** Of each of them. */
export const selectingFloats = (heads: Heads, plan: Plan): readonly number[] => [
  ...Object.values(bufferFloats(heads, plan)),
  stagingWords(heads, plan),
];

/** Nothing to do for a layer that keeps, and lets go on, all it saw. */
interface LayerOps {
  readonly window_queries?: Op;
  readonly score?: Op;
  readonly select?: Op;
  /** Of a layer that slides. */
  readonly positions?: Op;
}

/** Of kernels whose grids hang on their uniforms alone. */
const ANY: Step = { rows: 1, position: 0, appended: 0, draw: 0 };

/** What a selection chose, back in JavaScript. */
export interface Selected extends Omit<SelectionReport, 'kept'> {
  /** Original positions by layer and KV head, ascending; undefined where a layer kept all it saw. [L][G] */
  readonly kept: readonly (readonly Uint32Array[] | undefined)[];
  /** Attention that each token gets from the window at T, summed over heads and queries. [N] */
  readonly mass: Float32Array | undefined;
}

/** A stretch of words on its way back. */
interface Stretch {
  readonly at: number;
  readonly words: number;
}

export class Selecting {
  /** Original positions of the propagated tokens, ascending. [propagated] */
  readonly positions: GPUBuffer;
  readonly #parts: SelectingParts;
  readonly #made: GPUBuffer[] = [];
  readonly #layers: readonly LayerOps[];
  readonly #propagate: Op | undefined;
  readonly #staging: GPUBuffer;
  readonly #index: GPUBuffer;
  readonly #pooled: GPUBuffer;
  #kept: readonly (Stretch | undefined)[] = [];
  #isRead = false;
  #propagated: Stretch | undefined;
  #mass: Stretch | undefined;

  /** To be called inside an error scope. */
  constructor(parts: SelectingParts) {
    this.#parts = parts;
    const { spec, plan, make, qkv } = parts;
    const { G, L } = spec;
    const words = bufferFloats(spec, plan);
    const buffer = (label: keyof typeof words) => this.#keep(label, 4 * words[label]);
    const [q_window, part, stats, scored] = [
      buffer('q_window'),
      buffer('part'),
      buffer('stats'),
      buffer('score'),
    ];
    const pooled = (this.#pooled = buffer('pooled'));
    const index = (this.#index = buffer('index'));
    this.positions = buffer('positions');
    this.#staging = this.#stage();
    this.#layers = Array.from({ length: L }, (_, l): LayerOps => {
      const { k, v } = parts.reading[l]!;
      const to = parts.hot[l]!;
      const values = this.#values(l, plan.kept[l]!, 0);
      const how = kindOf(attentionOf(spec, l));
      const { positions } = this;
      const score = () => ({
        window_queries: make.dispatch(window_queries, values, { qkv, q_window }),
        score: sequence([
          make.dispatch(window_stats(how), values, { q_window, k, positions, part }),
          make.dispatch(window_merge, values, { part, stats }),
          make.dispatch(window_scores(how), values, { q_window, k, stats, positions, score: scored }),
          make.dispatch(pool_scores, values, { score: scored, pooled }),
        ]),
      });
      const select = () =>
        sequence([
          make.dispatch(select_top, { ...values, rows: G }, { pooled, index }),
          make.dispatch(compact_kv, values, { index, k, v, to_k: to.k, to_v: to.v }),
        ]);
      const place = (buffer: GPUBuffer) => {
        const which = { every: this.#kept[l] ? 0 : 1, reduced: this.#isReduced(l) ? 1 : 0 };
        const op = { G, take: plan.kept[l]!, capacity: to.capacity, ...which };
        return make.dispatch(kept_positions, op, { index, positions, to: buffer });
      };
      return {
        ...(scores(plan, l) && score()),
        ...(this.#kept[l] && { select: select() }),
        ...(to.positions && { positions: place(to.positions) }),
      };
    });
    if (plan.propagated < plan.N) {
      const values = { ...this.#values(plan.lowerLayers - 1, plan.propagated, G), rows: 1 };
      this.#propagate = make.dispatch(select_top, values, { pooled, index: this.positions });
    } else {
      const all = Uint32Array.from({ length: plan.N }, (_, i) => i);
      parts.buffers.device.queue.writeBuffer(this.positions, 0, all);
    }
  }

  /** Keeps the queries of a tile's rows that belong to the window. */
  encodeQueries(recorder: Recorder, l: number, step: Step): void {
    this.#layers[l]!.window_queries?.encode(recorder.pass, step, 'prefill');
  }

  /** Fills layer l's hot cache, and at T chooses what goes on. */
  encode(recorder: Recorder, l: number): void {
    const { plan, spec } = this.#parts;
    const ops = this.#layers[l]!;
    ops.score?.encode(recorder.pass, ANY, 'prefill');
    const kept = this.#kept[l];
    if (kept) {
      ops.select?.encode(recorder.pass, ANY, 'prefill');
      recorder.copies.copyBufferToBuffer(this.#index, 0, this.#staging, 4 * kept.at, 4 * kept.words);
    } else this.#copyAll(recorder, l);
    ops.positions?.encode(recorder.pass, ANY, 'prefill');
    if (l !== tspLayerOf(plan, spec.L) || !this.#propagate) return;
    this.#propagate.encode(recorder.pass, ANY, 'prefill');
    const { copies } = recorder;
    const [positions, mass] = [this.#propagated!, this.#mass!];
    copies.copyBufferToBuffer(this.positions, 0, this.#staging, 4 * positions.at, 4 * positions.words);
    const row = 4 * (spec.G + 1) * plan.N;
    copies.copyBufferToBuffer(this.#pooled, row, this.#staging, 4 * mass.at, 4 * mass.words);
  }

  /** Reads what was chosen, once everything is submitted. To be called once, also to give back what it reads from. */
  async read(): Promise<Selected> {
    const { plan, spec } = this.#parts;
    this.#isRead = true;
    await this.#staging.mapAsync(GPUMapMode.READ);
    const words = new Uint32Array(this.#staging.getMappedRange().slice(0));
    this.#parts.buffers.free(this.#staging);
    const cut = (stretch: Stretch | undefined) =>
      stretch && words.subarray(stretch.at, stretch.at + stretch.words);
    const propagated = cut(this.#propagated);
    const mass = cut(this.#mass);
    const kept = this.#kept.map((stretch, l) => {
      const found = cut(stretch);
      if (!found) return undefined;
      const take = plan.kept[l]!;
      const original = l < plan.lowerLayers || !propagated ? found : found.map((i) => propagated[i]!);
      return Array.from({ length: spec.G }, (_, g) => original.slice(g * take, (g + 1) * take));
    });
    return {
      promptTokens: plan.N,
      tspLayer: propagated && tspLayerOf(plan, spec.L),
      propagated: propagated?.slice(),
      kept,
      mass: mass && new Float32Array(mass.slice().buffer),
    };
  }

  /** Gives back everything, but for what `read` is waiting for. */
  free(): void {
    this.#parts.buffers.free(...this.#made);
    if (!this.#isRead) this.#parts.buffers.free(this.#staging);
  }

  #keep(label: string, bytes: number): GPUBuffer {
    const buffer = this.#parts.buffers.storage('scratch', label, bytes);
    this.#made.push(buffer);
    return buffer;
  }

  /** Of a selection of `take` tokens that layer l sees, from row `first` of the pooled scores. */
  #values(l: number, take: number, first: number) {
    const { spec, plan, reading, hot } = this.#parts;
    const { H, G, D } = spec;
    const { window, kernel, pooling } = plan.scorer;
    return selectionOp({
      ...{ H, G, D, window, kernel, pooling, take, first },
      ...attentionOf(spec, l),
      reduced: this.#isReduced(l),
      capacity: reading[l]!.capacity,
      length: seenBy(plan, l),
      protect: Math.max(0, protectedOf({ window, take, protect: plan.protect })),
      toCapacity: hot[l]!.capacity,
    });
  }

  /** Whether layer l sees a part of the tokens. */
  #isReduced(l: number): boolean {
    return l >= this.#parts.plan.lowerLayers;
  }

  /** Room in JavaScript's sight for all that is chosen. */
  #stage(): GPUBuffer {
    const { plan, spec, buffers } = this.#parts;
    let at = 0;
    const stretch = (words: number): Stretch => ({ at: (at += words) - words, words });
    this.#kept = plan.kept.map((take, l) => (take < seenBy(plan, l) ? stretch(spec.G * take) : undefined));
    if (plan.propagated < plan.N) {
      this.#propagated = stretch(plan.propagated);
      this.#mass = stretch(plan.N);
    }
    const { MAP_READ, COPY_DST } = GPUBufferUsage;
    const bytes = 4 * stagingWords(spec, plan);
    const staging = buffers.make('scratch', 'selected', bytes, MAP_READ | COPY_DST);
    return staging;
  }

  /** A layer that keeps all it saw. */
  #copyAll({ copies }: Recorder, l: number): void {
    const { plan, spec, reading, hot } = this.#parts;
    const [from, to] = [reading[l]!, hot[l]!];
    const headBytes = from.k.size / spec.G / from.capacity;
    for (let g = 0; g < spec.G; g++) {
      const [at, into] = [g * from.capacity * headBytes, g * to.capacity * headBytes];
      copies.copyBufferToBuffer(from.k, at, to.k, into, plan.kept[l]! * headBytes);
      copies.copyBufferToBuffer(from.v, at, to.v, into, plan.kept[l]! * headBytes);
    }
  }
}
