/** Reads a prompt: layer by layer, tile by tile, in submissions of bounded work. */
import type { Pacer } from './gpu/pacer';
import { Recorder } from './gpu/recorder';
import { packStep, type Step } from './kernels/kernel';
import type { Selecting } from './kv/selecting';
import type { ReadingPlan } from './kv/reading-plan';
import { encodeKeysAndValues, encodeLayer, type DecoderLayer } from './models/decoder';
import type { Scratch } from './models/scratch';
import type { Op } from './models/ops';
import type { ModelSpec } from './models/spec';
import type { Residual } from './residual';
import { readingWork, scores, selectionWork, stagesOf, tileWork, type Sequence, type Stage } from './stages';

/** Largest tile; a power of two, as all are. */
const MOST_ROWS = 512;
/** Smallest tile; below it matmuls waste their own tiles. */
const LEAST_ROWS = 32;
/** What the activations of a tile may take, so that lean mode stays small with wide models too. */
const TILE_BYTES = 24 * 2 ** 20;

/** Rows that scratch has room for. */
export function mostRows({ C, F, H, G, D }: Pick<ModelSpec, 'C' | 'F' | 'H' | 'G' | 'D'>): number {
  const rowBytes = 4 * (2 * C + (2 * H + 2 * G) * D + F); // x, h, qkv, attn, act
  const fitting = 2 ** Math.floor(Math.log2(TILE_BYTES / rowBytes));
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, fitting));
}

/** The lines of a prefill over the caches as they are. */
export interface Reader {
  readonly embed_tokens: Op; // ids -> x
  readonly layers: readonly DecoderLayer[]; // [L]
  /** T once more, for the propagated rows. */
  readonly selected: DecoderLayer | undefined;
  /** T's inputs of the propagated rows -> x. */
  readonly gather: Op | undefined;
  /** x -> T's inputs in the trunk; undefined where the residual stream keeps them. */
  readonly storeHidden: Op | undefined;
  readonly selecting: Selecting | undefined;
}

/** Time of each part, in milliseconds, as the device finishes submissions. */
export interface PartTimes {
  lower: number;
  select: number;
  upper: number;
}

export interface Prefill {
  readonly device: GPUDevice;
  readonly spec: ModelSpec;
  readonly plan: ReadingPlan;
  readonly reader: Reader;
  readonly scratch: Scratch;
  readonly pacer: Pacer;
  /** Rows of every tile, where a test wants to choose them. */
  readonly fixedRows: number | undefined;
  readonly tiling: Tiling;
  /** Holds x of tiled sequences between layers. */
  readonly residual: Residual | undefined;
  /** The tokens to compute; [T] */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** Tokens that the trunk holds before them. */
  readonly cached: number;
  readonly signal: AbortSignal;
  readonly times: PartTimes;
  /** When the device is through with a submission: the share of the multiply-adds done, and how far layers are filled. */
  onProgress(share: number, filled: readonly Filled[]): void;
}

/** What a submission left in the caches: entries in layer l, and whether its hot cache is filled. */
export interface Filled {
  readonly l: number;
  readonly entries: number;
  readonly selected: boolean;
}

/** Rows of a tile that fit one submission, and so the longest that a stop waits. A power of two. */
export function tileRows({
  spec,
  plan,
  pacer,
  fixedRows,
}: Pick<Prefill, 'spec' | 'plan' | 'pacer' | 'fixedRows'>): number {
  if (fixedRows !== undefined) return fixedRows;
  const sequence: Sequence = { part: 'lower', rows: plan.N, start: 0 };
  const last: Stage = { kind: 'layer', l: 0, sequence, selects: false };
  const perRow = tileWork(spec, plan, last, plan.N - 1, plan.N);
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, pacer.budget / perRow)));
  return Math.min(mostRows(spec), Math.max(LEAST_ROWS, fitting));
}

/**
 * Which sequences keep x in the residual stream between layers: those longer than a tile of `rows`, and where no trunk
 * keeps T's inputs, the one that they are gathered from.
 */
export function tiling(
  { spec, plan, cached, rows }: Pick<Prefill, 'spec' | 'plan' | 'cached'> & { readonly rows: number },
  isLean: boolean,
): Tiling {
  const gathers = plan.lowerLayers < spec.L;
  return {
    lower: plan.N - cached > rows || (gathers && isLean),
    upper: gathers && plan.propagated > rows,
  };
}

export type Tiling = Readonly<Record<Sequence['part'], boolean>>;

/** Rows of the residual stream; 0 when x never leaves scratch. */
export const residualRows = ({ lower, upper }: Tiling, plan: ReadingPlan, cached: number): number =>
  Math.max(lower ? plan.N - cached : 0, upper ? plan.propagated : 0);

/**
 * Reads the tokens and leaves the last row alone in scratch.x. False when aborted between submissions; what the caches hold
 * past `cached` is then partial.
 */
export async function prefill(p: Prefill): Promise<boolean> {
  return new Run(p).run();
}

/** Work by the part of the time to first token that it belongs to. */
type Work = Record<keyof PartTimes, number>;

interface Submission {
  readonly recorder: Recorder;
  /** Undefined when it only selects. */
  readonly step: Step | undefined;
  readonly work: Work;
  readonly filled: Filled[];
}

const sum = ({ lower, select, upper }: Work): number => lower + select + upper;

class Run {
  readonly #stages: readonly Stage[];
  readonly #total: number;
  #done = 0;
  #open: Submission | undefined;

  constructor(private readonly p: Prefill) {
    this.#stages = stagesOf(p.spec.L, p.plan, p.cached);
    this.#total = readingWork(p.spec, p.plan, p.cached);
  }

  async run(): Promise<boolean> {
    for (const stage of this.#stages) {
      const { rows } = stage.sequence;
      let t0 = stage.kind === 'last' ? rows - 1 : 0;
      while (t0 < rows) {
        const end = Math.min(rows, t0 + this.#rowsAt(stage.sequence, t0));
        const tile = { stage, t0, end };
        if (!(await this.#openFor(tile))) return this.#aborted();
        this.#encode(tile);
        t0 = end;
      }
      if (stage.selects && !(await this.#select(stage))) return this.#aborted();
    }
    await this.#submit();
    return true;
  }

  async #aborted(): Promise<false> {
    await this.p.pacer.idle();
    return false;
  }

  /**
   * Rows of the tile at t0, by the device's speed so far. A tile starts at a multiple of its own length, so that none crosses
   * a page of the residual stream, and so that tiles at most double from one to the next.
   */
  #rowsAt({ part, rows }: Sequence, t0: number): number {
    if (!this.p.tiling[part]) return rows;
    return t0 === 0 ? tileRows(this.p) : Math.min(tileRows(this.p), t0 & -t0);
  }

  /** A submission that the tile may join, with the tile's rows in scratch.x. False when it is time to stop. */
  async #openFor(tile: Tile): Promise<boolean> {
    const step = stepOf(tile);
    const { p } = this;
    if (this.#open?.step && sameRows(this.#open.step, step) && sum(this.#open.work) < p.pacer.budget)
      return true;
    await this.#submit();
    if (p.signal.aborted) return false;
    const { stage, t0, end } = tile;
    const { recorder } = this.#begin(stage.l, step, `rows ${t0}+${end - t0}`);
    p.device.queue.writeBuffer(p.scratch.step, 0, packStep(step));
    if (embeds(stage)) p.device.queue.writeBuffer(p.scratch.ids, 0, p.tokens, t0, end - t0);
    else if (p.tiling[stage.sequence.part] && stage.kind !== 'selected')
      p.residual!.load(recorder.copies, p.scratch.x, t0, end - t0);
    else if (stage.kind === 'last') this.#moveToFirstRow(recorder, t0);
    return true;
  }

  #begin(l: number, step: Step | undefined, what: string): Submission {
    const recorder = new Recorder(this.p.device, `layer ${l} ${what}`);
    return (this.#open = { recorder, step, work: { lower: 0, select: 0, upper: 0 }, filled: [] });
  }

  #encode(tile: Tile): void {
    const { stage, t0, end } = tile;
    const { p } = this;
    const { recorder, work, filled } = this.#open!;
    const { l, kind, sequence } = stage;
    const step = stepOf(tile);
    const layer = p.reader.layers[l]!;
    const inWindow = stage.selects && scores(p.plan, l) && end > sequence.rows - p.plan.scorer!.window;
    if (embeds(stage)) p.reader.embed_tokens.encode(recorder.pass, step, 'prefill');
    if (kind === 'selected') {
      p.reader.gather!.encode(recorder.pass, step, 'prefill');
      encodeLayer(recorder.pass, p.reader.selected!, step, 'prefill');
    } else if (kind === 'keys') {
      if (sequence.part === 'lower') p.reader.storeHidden?.encode(recorder.pass, step, 'prefill');
      encodeKeysAndValues(recorder.pass, layer, step, inWindow);
    } else encodeLayer(recorder.pass, layer, step, 'prefill');
    if (inWindow) p.reader.selecting!.encodeQueries(recorder, l, step);
    // Of a layer that only leaves keys, x is what it was; the first layer's x is the embedding, which nothing else keeps.
    const leaves = kind === 'layer' || kind === 'selected' || (kind === 'keys' && l === 0);
    if (leaves && p.tiling[sequence.part]) p.residual!.store(recorder.copies, p.scratch.x, t0, end - t0);
    work[kind === 'selected' ? 'upper' : sequence.part] += tileWork(p.spec, p.plan, stage, t0, end);
    if (kind !== 'selected') filled.push({ l, entries: sequence.start + end, selected: false });
  }

  /** The prompt's last row, which alone goes through the last layer and on to the head. */
  #moveToFirstRow({ copies }: Recorder, t: number): void {
    const { x, h } = this.p.scratch;
    const bytes = 4 * this.p.spec.C;
    if (t === 0) return;
    copies.copyBufferToBuffer(x, t * bytes, h, 0, bytes);
    copies.copyBufferToBuffer(h, 0, x, 0, bytes);
  }

  /** A long prompt's selection is a submission of its own, so that its time is seen. */
  async #select({ l, sequence }: Stage): Promise<boolean> {
    const { p } = this;
    if (!this.#open || p.tiling[sequence.part]) {
      await this.#submit();
      if (p.signal.aborted) return false;
      this.#begin(l, undefined, 'select');
    }
    const { recorder, work, filled } = this.#open!;
    p.reader.selecting!.encode(recorder, l);
    work.select += selectionWork(p.spec, p.plan, l);
    filled.push({ l, entries: sequence.start + sequence.rows, selected: true });
    return true;
  }

  async #submit(): Promise<void> {
    if (!this.#open) return;
    const { recorder, step, work, filled } = this.#open;
    this.#open = undefined;
    const all = sum(work);
    const { p } = this;
    const onDone = (elapsedMs: number) => {
      this.#done += all;
      for (const part of ['lower', 'select', 'upper'] as const) {
        p.times[part] += all > 0 ? (elapsedMs * work[part]) / all : 0;
      }
      p.onProgress(Math.min(1, this.#done / this.#total), filled);
    };
    await p.pacer.submit(recorder.finish(), all, onDone, step !== undefined);
  }
}

/** Rows t0..end of a stage. */
interface Tile {
  readonly stage: Stage;
  readonly t0: number;
  readonly end: number;
}

function stepOf({ stage, t0, end }: Tile): Step {
  const at = stage.sequence.start + t0;
  return { rows: end - t0, position: at, appended: at, draw: 0 };
}

const sameRows = (a: Step, b: Step): boolean => a.rows === b.rows && a.position === b.position;

/** The first layer takes tokens; for the last row alone, and for propagated ones, they have been embedded before. */
const embeds = ({ l, kind, sequence }: Stage): boolean =>
  l === 0 && sequence.part === 'lower' && (kind === 'layer' || kind === 'keys');
