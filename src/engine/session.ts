import type { KvSettings, MemoryReport, SamplingOptions, SelectionReport } from '../protocol';
import { decode, type Decoded } from './decode';
import { awaitedLater, EngineError } from './errors';
import { allocate, CONVERSATION, MODEL } from './gpu/allocate';
import { Buffers } from './gpu/buffers';
import { causeOf } from './gpu/device';
import { FIRST_RATE, Pacer } from './gpu/pacer';
import { Pipelines } from './gpu/pipelines';
import { readBuffer } from './gpu/readback';
import { TokenReadback } from './gpu/token-readback';
import { packOp } from './kernels/kernel';
import { seenBits } from './kernels/logits_adjust';
import { GREEDY, SAMPLING_OP, samplingOp } from './kernels/sampling';
import { checkKv } from './kv/check-settings';
import { ANSWER_ROOM } from './kv/layers';
import { PAPER, planReading, turnModeOf } from './kv/reading-plan';
import { coverageOf, reportOf, type ReadTurn } from './kv/selection-report';
import { KvStore } from './kv/store';
import { BoundModel } from './models/bound-model';
import { makeScratch, type Scratch } from './models/scratch';
import type { ModelSpec } from './models/spec';
import { mostRows, type PartTimes } from './prefill';
import { readPrompt, type Reading } from './reading';
import { checkOptions, checkPrompt, type RunOptions, type RunResult, type SessionOptions } from './run';
import type { TokenId } from './shapes';
import { Writer } from './writer';
import type { WeightForms } from './weights/forms';
import { layOut, type ModelWeights, type Placement } from './weights/layout';

const NOTHING: Decoded = {
  tokens: [],
  stopReason: 'stopped',
  decodeTokensPerSecond: 0,
};

/** Policy full, for whoever asks for no other. */
const FULL: KvSettings = { ...PAPER, policy: 'full', turnMode: 'full', tspLayer: undefined };

/** The life of one model on one device: its weights, one conversation's cache, and the turns over it. */
export class Session {
  readonly #pacer: Pacer;
  readonly #kv: KvStore;
  readonly #readback: TokenReadback;
  readonly #model: BoundModel;
  readonly #writer: Writer;
  /** Of the last turn that read its prompt whole; in policy full, with what was written after it. */
  #tokens: TokenId[] = [];
  /** That turn, once what it selected is back in JavaScript. */
  #last: Promise<ReadTurn | undefined> = Promise.resolve(undefined);
  #busy = false;
  readonly #faults: EngineError[] = [];

  private constructor(
    readonly spec: ModelSpec,
    private readonly options: SessionOptions,
    readonly buffers: Buffers,
    readonly pipelines: Pipelines,
    private readonly scratch: Scratch,
    weights: ModelWeights,
    readonly placements: readonly Placement[],
  ) {
    const { device } = buffers;
    this.#pacer = new Pacer(device, FIRST_RATE[options.profile]);
    this.#kv = new KvStore(buffers, spec, options.dtype);
    this.#readback = new TokenReadback(buffers);
    this.#model = new BoundModel(spec, buffers, pipelines, this.variant, scratch, weights);
    this.#writer = new Writer(this.#model, this.#kv);
    // What no error scope caught would otherwise end as garbage in an answer.
    device.addEventListener('uncapturederror', ({ error }) => {
      const code = error instanceof GPUOutOfMemoryError ? 'out-of-memory' : 'internal';
      this.#faults.push(new EngineError(code, `The graphics device refused work: ${error.message}`));
    });
  }

  /** Room for everything, nothing loaded yet: `placements` says what the weights' loader has to fill. */
  static async create(device: GPUDevice, spec: ModelSpec, options: SessionOptions): Promise<Session> {
    const buffers = new Buffers(device);
    try {
      return await allocate(buffers, MODEL, () => {
        const largest = options.maxBindingBytes ?? device.limits.maxStorageBufferBindingSize;
        const { weights, placements } = layOut(spec, buffers, options, largest);
        const scratch = makeScratch(spec, buffers, options.tileRows ?? mostRows(spec));
        return new Session(spec, options, buffers, new Pipelines(device), scratch, weights, placements);
      });
    } catch (thrown) {
      buffers.freeAll();
      throw thrown;
    }
  }

  /** Runs every kernel once: drivers finish compiling only then, and the first turn should not wait for it. */
  async warmUp(): Promise<void> {
    const signal = new AbortController().signal;
    const common = { sampling: GREEDY, maxNewTokens: 2, stopIds: new Set<TokenId>(), signal };
    const prompt = new Array<TokenId>(Math.min(32, this.spec.contextLength - 2)).fill(0 as TokenId);
    await this.run(prompt, common);
    const fastkv = { ...PAPER, policy: 'fastkv', turnMode: 'exact', tspLayer: undefined } as const;
    await this.run(prompt, { ...common, kv: { ...fastkv, retain: 0.5, tspRate: 0.5 } });
    this.forget();
  }

  /** How its matrices lie. */
  get forms(): WeightForms {
    const { dtype, quantise, packed } = this.options;
    return { dtype, quantise, packed };
  }

  get variant() {
    return { profile: this.options.profile, dtype: this.options.dtype, D: this.spec.D };
  }

  /**
   * Reads the prompt, but for the prefix that the trunk already holds, and writes an answer. Rejects with `busy`,
   * `bad-argument`, `context-exceeded`, `out-of-memory` or `device-lost`; what failed on the device leaves no trunk, for
   * nobody knows what is in it.
   */
  async run(prompt: readonly TokenId[], options: RunOptions): Promise<RunResult> {
    if (this.#busy)
      throw new EngineError('busy', 'Another answer is being written. Stop it, or wait until it is done.');
    checkPrompt(prompt, this.spec);
    checkOptions(options);
    checkKv(options.kv ?? FULL, this.spec.L);
    this.#busy = true;
    try {
      const result = await this.#run(prompt, options);
      const [fault] = this.#faults.splice(0);
      if (fault) throw fault;
      return result;
    } catch (thrown) {
      this.#faults.length = 0; // they belong to this turn, not to the next one
      this.forget();
      throw await causeOf(thrown, this.buffers.device);
    } finally {
      this.#busy = false;
    }
  }

  memory(): MemoryReport {
    const { buffers } = this;
    return {
      weightsBytes: buffers.bytes('weights'),
      kv: { ...this.#kv.report(), scratchPeakBytes: buffers.scratchPeakBytes },
      scratchBytes: buffers.bytes('scratch'),
      totalBytes: buffers.bytes(),
      peakBytes: buffers.peakBytes,
    };
  }

  /** Of the last turn that read its prompt whole; what was written follows it only in policy full. */
  get promptTokens(): readonly TokenId[] {
    return this.#tokens;
  }

  /** What the last turn that read its prompt whole kept and propagated; undefined before one. */
  async selection(): Promise<SelectionReport | undefined> {
    const last = await this.#last;
    return last && reportOf(last, this.spec.G);
  }

  /** Output of model.norm for the row that the last token was drawn from. [C] */
  async finalHidden(): Promise<Float32Array> {
    return new Float32Array(await readBuffer(this.buffers.device, this.scratch.h, 0, 4 * this.spec.C));
  }

  /** Gives back the conversation's memory: the next turn reads everything. */
  forget(): void {
    this.#tokens = [];
    this.#last = Promise.resolve(undefined);
    this.#kv.clear();
  }

  destroy(): void {
    this.buffers.freeAll();
  }

  async #run(prompt: readonly TokenId[], options: RunOptions): Promise<RunResult> {
    const started = performance.now();
    const kv = options.kv ?? FULL;
    const mode = turnModeOf(kv);
    const plan = planReading(kv, this.spec.layers, prompt.length, options.headerTokens);
    this.buffers.beginPeak();
    const before = await this.#last;
    const common = commonPrefix(this.#tokens, prompt);
    const maxNew = Math.min(options.maxNewTokens, this.spec.contextLength - prompt.length);
    this.#kv.adopt(plan, mode);
    if (this.#model.reach(prompt.length + maxNew)) this.#kv.truncate(0);
    // Rows that score, or that logits are wanted of, are read again.
    const reusedTokens = Math.min(common, this.#kv.length, prompt.length - (plan.scorer?.window ?? 1));
    this.#kv.truncate(Math.max(0, reusedTokens));
    const cached = this.#kv.length;
    this.#prepareSampler(prompt, options.sampling);
    await allocate(this.buffers, CONVERSATION, () => this.#kv.reserve(Math.min(maxNew, ANSWER_ROOM)));
    await this.#model.compiled;
    const times: PartTimes = { lower: 0, select: 0, upper: 0 };
    let [share, ttftMs]: [number, number | undefined] = [0, undefined];
    const counts = { total: prompt.length - cached, reused: cached };
    const onShare = (part: number) => {
      share = part;
      options.onReading?.(part, counts);
    };
    const onToken = (id: TokenId, index: number) => {
      if (index === 0) {
        ttftMs = performance.now() - started;
        options.onFirstToken?.(times, ttftMs);
      }
      options.onToken?.(id, index);
    };
    const isLean = mode === 'lean';
    const { signal } = options;
    const whole = await this.#read({ prompt, plan, isLean, cached, signal, times, onShare });
    const written = { ...options, onToken, maxNewTokens: maxNew };
    const decoded = whole ? await this.#parking(kv.parkTrunk, () => this.#decode(prompt, written)) : NOTHING;
    const last = whole ? await this.#last : undefined;
    const prefillMs = times.lower + times.select + times.upper;
    const contextEnded = decoded.stopReason === 'length' && maxNew < options.maxNewTokens;
    return {
      ...decoded,
      stopReason: contextEnded ? 'context' : decoded.stopReason,
      reusedTokens: cached,
      prefillMs,
      lowerMs: times.lower,
      selectMs: times.select,
      upperMs: times.upper,
      ttftMs,
      prefillTokensPerSecond: prefillMs > 0 ? (1000 * share * counts.total) / prefillMs : 0,
      compression: {
        tspLayer: last?.selected?.tspLayer,
        propagatedTokens: last ? plan.propagated : 0,
        coverage: last && coverageOf(last, before, common, this.spec.H),
      },
    };
  }

  #prepareSampler(prompt: readonly TokenId[], sampling: SamplingOptions): void {
    const { queue } = this.buffers.device;
    queue.writeBuffer(this.scratch.seen, 0, seenBits(this.spec.V, prompt));
    queue.writeBuffer(this.scratch.sampling, 0, packOp(SAMPLING_OP, samplingOp(this.spec.V, sampling)));
  }

  /** Reads the prompt; afterwards the store has what the plan keeps, or what it had before. False when stopped. */
  async #read(reading: Reading): Promise<boolean> {
    const parts = {
      model: this.#model,
      store: this.#kv,
      pacer: this.#pacer,
      fixedRows: this.options.tileRows,
    };
    let whole = false;
    try {
      const read = await readPrompt(parts, reading);
      ({ whole } = read);
      if (!whole) return false;
      this.#tokens = [...reading.prompt];
      const { plan } = reading;
      this.#last = awaitedLater(Promise.resolve(read.selected).then((selected) => ({ plan, selected })));
      return true;
    } finally {
      this.#kv.finishReading(whole);
    }
  }

  /** Parks the trunk, where that is wanted, while an answer is written; whatever comes of that, it is parked before the next turn. */
  async #parking<T>(wanted: boolean, write: () => Promise<T>): Promise<T> {
    const parking = wanted ? awaitedLater(this.#kv.park()) : undefined;
    try {
      return await write();
    } finally {
      await parking;
    }
  }

  async #decode(prompt: readonly TokenId[], options: RunOptions): Promise<Decoded> {
    const { device } = this.buffers;
    const decoded = await decode({
      device,
      scratch: this.scratch,
      readback: this.#readback,
      head: this.#model.weightLayers.head,
      position: prompt.length,
      place: this.#kv.place,
      options,
      prefilled: this.#pacer.idle(),
      // Grows the cache every few hundred tokens; between, nothing is made.
      forward: async (appended) => {
        this.#kv.appended = appended;
        if (this.#kv.isTight) await allocate(this.buffers, CONVERSATION, () => this.#kv.grow(ANSWER_ROOM));
        return this.#writer.decoder();
      },
      readLogits: async () =>
        new Float32Array(await readBuffer(device, this.scratch.logits, 0, 4 * this.spec.V)),
    });
    // The last token was drawn but not fed, or fed by a step that ran ahead; its entry does not count.
    const fed = (options.forced ?? decoded.tokens).slice(
      0,
      decoded.tokens.length - (decoded.stopReason === 'stopped' ? 0 : 1),
    );
    this.#kv.finishWriting(fed.length);
    if (this.#kv.isFull) this.#tokens.push(...fed);
    return decoded;
  }
}

/** Tokens that two prompts begin with alike. */
function commonPrefix(a: readonly TokenId[], b: readonly TokenId[]): number {
  const differs = a.findIndex((id, i) => id !== b[i]);
  return differs === -1 ? a.length : differs;
}
