/** The KV memory of one conversation: what decoding reads (hot), what follow-ups need (trunk), and one layer's scratch. */
import type { MemoryReport, StorageDtype, TurnMode } from '../../protocol';
import { invariant } from '../errors';
import type { Buffers } from '../gpu/buffers';
import type { ModelSpec } from '../models/spec';
import { entryBytes, KvLayers, type KvLayer } from './layers';
import { ParkedBuffers } from './parked';
import type { ReadingPlan } from './reading-plan';
import { RowPages, type RowPage } from './row-pages';
import { elementBytes } from '../shapes';

export type KvShape = Pick<ModelSpec, 'L' | 'G' | 'D' | 'C' | 'layers'>;

/** Layers 0..T and those past it, which differ in sizes. */
interface Hot {
  readonly lower: KvLayers;
  readonly upper: KvLayers;
}

/**
 * Policy full: `trunk` has every layer's K,V, and decoding reads that. Otherwise decoding reads `hot`; while a prompt is
 * read, layers write to the trunk (exact mode, layers 0..T) or to one layer's scratch. Truncating sets a length.
 */
export class KvStore {
  /** Tokens whose K,V (and inputs of T) the trunk holds; in policy full, which decoding reads. */
  length = 0;
  /** Entries that decoding has appended to every head of what it reads, after the prompt's. */
  appended = 0;
  /** Changes when buffers do, and the entries that decoding finds in them. */
  generation = 0;

  #plan: ReadingPlan | undefined;
  #mode: TurnMode = 'full';
  #trunk: KvLayers | undefined;
  #hidden: RowPages | undefined;
  #scratch: KvLayers | undefined;
  #hot: Hot | undefined;
  #parked: ParkedBuffers | undefined;
  /** Of the prompt, by layer: tokens read, and entries in what decoding reads. For reports only. [L] */
  readonly #read: number[];
  readonly #selected: number[];

  constructor(
    private readonly buffers: Buffers,
    private readonly shape: KvShape,
    private readonly dtype: StorageDtype,
  ) {
    this.#read = new Array<number>(shape.L).fill(0);
    this.#selected = new Array<number>(shape.L).fill(0);
  }

  /** Place of the first entry that decoding appends, beside those that its heads kept. */
  get place(): number {
    return this.isFull ? this.length : 0;
  }

  /** Entries that decoding's heads have before those. [L] */
  get kept(): readonly number[] {
    return this.isFull ? new Array<number>(this.shape.L).fill(0) : this.#planned.kept;
  }

  /** Whether decoding reads what reading wrote. */
  get isFull(): boolean {
    return this.#plan?.scorer === undefined;
  }

  /** Takes a turn's plan. A trunk of another T or mode is of no use to it, and is dropped. */
  adopt(plan: ReadingPlan, mode: TurnMode): void {
    const was = this.#plan;
    const same =
      was !== undefined &&
      this.isFull === (plan.scorer === undefined) &&
      (this.isFull || (mode === this.#mode && was.lowerLayers === plan.lowerLayers));
    if (!same) this.clear();
    this.#plan = plan;
    this.#mode = mode;
  }

  /**
   * Room for the plan's prompt and `answer` entries more; what is parked comes back. Keeps `length` tokens of the trunk.
   * To be called inside an error scope.
   */
  reserve(answer: number): void {
    this.#unpark();
    const plan = this.#planned;
    const grew = this.isFull ? [this.#reserveFull(plan.N + answer)] : this.#reserveSelecting(plan, answer);
    this.appended = 0;
    this.#read.fill(this.length);
    this.#selected.fill(this.isFull ? this.length : 0);
    if (!this.isFull || grew.includes(true)) this.generation++;
  }

  /** Room for `entries` more in what decoding reads. To be called inside an error scope. */
  grow(entries: number): void {
    const { L } = this.shape;
    const groups: [KvLayers, number][] = this.#hot
      ? [
          [this.#hot.lower, this.#planned.kept[0]!],
          [this.#hot.upper, this.#planned.kept[L - 1]!],
        ]
      : [[this.#trunk!, this.length]];
    const grew = groups.map(([layers, prompt]) =>
      layers.reserve(prompt + this.appended + entries, prompt + this.appended),
    );
    if (grew.includes(true)) this.generation++;
  }

  /** Whether what decoding reads has no room for one more entry. */
  get isTight(): boolean {
    const prompt = (l: number) => (this.isFull ? this.length : this.#planned.kept[l]!);
    return this.hot.some(({ capacity }, l) => prompt(l) + this.appended >= capacity);
  }

  /** What layers write while a prompt is read. [L] */
  get reading(): readonly KvLayer[] {
    return Array.from({ length: this.shape.L }, (_, l) => {
      const layer = this.#trunk?.layers[l] ?? this.#scratch?.layers[0];
      invariant(layer, () => 'reading before reserve');
      return layer;
    });
  }

  /** What decoding reads. [L] */
  get hot(): readonly KvLayer[] {
    if (!this.#hot) return this.#trunk?.layers ?? [];
    return [...this.#hot.lower.layers, ...this.#hot.upper.layers];
  }

  /** Inputs of layer T of every token, in pages; undefined where the trunk has none. */
  get hidden(): readonly RowPage[] | undefined {
    return this.#hidden?.pages;
  }

  /** The trunk forgets tokens past `length`; its buffers stay. */
  truncate(length: number): void {
    this.length = Math.min(this.length, length);
  }

  /** While reading: how far layer l's K,V are filled, and that its hot cache is. */
  noteRead(l: number, entries: number): void {
    this.#read[l] = entries;
    if (this.isFull) this.#selected[l] = entries;
  }

  noteSelected(l: number): void {
    this.#selected[l] = this.#planned.kept[l]!;
  }

  /** Reading is over: whole, or given up, and then the trunk is what it was and nothing is hot. */
  finishReading(whole: boolean): void {
    const { N, kept } = this.#planned;
    if (whole && this.#trunk) this.length = N;
    this.#read.fill(whole ? N : this.length);
    this.#selected.forEach((_, l) => {
      this.#selected[l] = this.isFull ? this.length : whole ? kept[l]! : 0;
    });
    if (!this.#scratch) return;
    this.#scratch.release();
    this.generation++;
  }

  /** What decoding appended becomes a part of the trunk, where it wrote there. */
  finishWriting(appended: number): void {
    this.appended = appended;
    if (!this.isFull) return;
    this.length += appended;
    this.appended = 0;
    this.#read.fill(this.length);
    this.#selected.fill(this.length);
  }

  /** Moves the trunk out of the GPU's memory, until the next turn. Where it cannot be read, it stays. Never rejects. */
  async park(): Promise<void> {
    if (this.isFull || !this.#trunk || this.#parked) return;
    const trunk = this.#trunk;
    const pages = this.#hidden?.pages.map(({ buffer }) => buffer) ?? [];
    const layers = trunk.layers.flatMap(({ k, v }) => [k, v]);
    const parked = await ParkedBuffers.read(this.buffers, [...layers, ...pages], {
      // Cleared meanwhile, where there was no room to go on writing: then nobody will ask for it.
      isWanted: () => this.#trunk === trunk,
    });
    if (!parked) return;
    parked.release();
    this.#parked = parked;
  }

  /** Gives back everything, as after a refused allocation. */
  clear(): void {
    this.#trunk?.free();
    this.#hidden?.free();
    this.#scratch?.free();
    this.#hot?.lower.free();
    this.#hot?.upper.free();
    this.#trunk = this.#hidden = this.#scratch = this.#hot = this.#parked = this.#plan = undefined;
    this.length = this.appended = 0;
    this.#read.fill(0);
    this.#selected.fill(0);
    this.generation++;
  }

  /** Bytes in use, by entries. */
  report(): Omit<MemoryReport['kv'], 'scratchPeakBytes'> {
    const { L, G, D, C } = this.shape;
    const entry = entryBytes(D, this.dtype);
    const layers = this.#selected.map((selected) => {
      const entries = selected + this.appended;
      return { lengths: new Array<number>(G).fill(entries), bytes: G * entries * entry };
    });
    // The trunk's layers are the first ones, and of a follow-up they hold what they held before.
    const inTrunk = this.isFull ? [] : this.#read.slice(0, this.#trunk?.layers.length ?? 0);
    const hiddenRows = this.#hidden ? inTrunk.at(-1)! : 0;
    const tokens = Math.max(...this.#read) + this.appended;
    const trunkBytes =
      inTrunk.reduce((sum, entries) => sum + entries * G * entry, 0) +
      hiddenRows * C * elementBytes(this.dtype);
    return {
      hotBytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
      trunkBytes,
      parkedBytes: this.#parked ? trunkBytes : 0,
      fullBytes: L * G * tokens * entry,
      allocatedBytes: this.buffers.bytes('kv') + this.buffers.bytes('trunk'),
      layers,
    };
  }

  get #planned(): ReadingPlan {
    invariant(this.#plan, () => 'no plan adopted');
    return this.#plan;
  }

  #reserveFull(entries: number): boolean {
    this.#trunk ??= this.#make('kv', 'trunk', this.shape.L);
    return this.#trunk.reserve(entries, this.length);
  }

  #reserveSelecting(plan: ReadingPlan, answer: number): boolean[] {
    const { N, kept, lowerLayers, propagated } = plan;
    const { L, C } = this.shape;
    const upper = L - lowerLayers;
    const grew: boolean[] = [];
    if (this.#mode === 'exact') {
      this.#trunk ??= this.#make('trunk', 'trunk', lowerLayers);
      grew.push(this.#trunk.reserve(N, this.length));
      if (upper > 0) {
        this.#hidden ??= new RowPages(this.buffers, 'trunk', 'hidden', C * elementBytes(this.dtype));
        grew.push(this.#hidden.reserve(N));
      }
    }
    const scratchRows = this.#mode === 'lean' ? N : upper > 0 ? propagated : 0;
    if (scratchRows > 0) {
      this.#scratch ??= this.#make('scratch', 'layer', 1);
      grew.push(this.#scratch.reserve(scratchRows, 0));
    }
    // Of what it kept, a layer that slides sees less as the answer grows.
    const slides = this.shape.layers.map(({ window }) => window !== undefined);
    this.#hot ??= {
      lower: this.#make('kv', 'hot', lowerLayers, slides.slice(0, lowerLayers)),
      upper: this.#make('kv', 'hot', upper, slides.slice(lowerLayers)),
    };
    const { lower, upper: past } = this.#hot;
    grew.push(lower.reserve(kept[0]! + answer, 0), past.reserve(kept[L - 1]! + answer, 0));
    lower.setKept(kept[0]!);
    past.setKept(kept[L - 1]!);
    return grew;
  }

  #make(
    kind: 'kv' | 'trunk' | 'scratch',
    label: string,
    count: number,
    positions: readonly boolean[] = [],
  ): KvLayers {
    return new KvLayers(this.buffers, this.shape, { kind, label, count, dtype: this.dtype, positions });
  }

  #unpark(): void {
    if (!this.#parked) return;
    const restored = this.#parked.restore();
    this.#trunk?.replace(restored);
    this.#hidden?.replace(restored);
    this.#parked = undefined;
    this.generation++;
  }
}
