import type { KvLayerReport, MemoryReport, SamplingOptions } from '../protocol';
import { decode, type Decoded } from './decode';
import { awaitedLater, EngineError, invariant } from './errors';
import { allocate } from './gpu/allocate';
import { Buffers } from './gpu/buffers';
import { causeOf } from './gpu/device';
import { FIRST_RATE, Pacer } from './gpu/pacer';
import { Pipelines } from './gpu/pipelines';
import { readBuffer } from './gpu/readback';
import { TokenReadback } from './gpu/token-readback';
import { Uniforms } from './gpu/uniforms';
import { packOp } from './kernels/kernel';
import { seenBits } from './kernels/logits_adjust';
import { GREEDY, SAMPLING_OP, samplingOp } from './kernels/sampling';
import { KvCache } from './kv/cache';
import type { Decoder } from './models/decoder';
import { makeDecoder, makeScratch, partFloats, type Scratch } from './models/layers';
import { OpMaker } from './models/ops';
import type { ModelSpec } from './models/spec';
import { MOST_ROWS, prefill, tileRows } from './prefill';
import { checkOptions, checkPrompt, type RunOptions, type RunResult, type SessionOptions } from './run';
import { Residual } from './residual';
import type { TokenId } from './shapes';
import { layOut, type ModelWeights, type Placement } from './weights/layout';

/** Entries reserved for an answer beyond the prompt before the cache has to grow. */
const ANSWER_ROOM = 256;

const NOTHING: Decoded = {
  tokens: [],
  stopReason: 'stopped',
  decodeTokensPerSecond: 0,
};

/** The life of one model on one device: its weights, one conversation's cache, and the turns over it. */
export class Session {
  readonly #pacer: Pacer;
  readonly #kv: KvCache;
  readonly #readback: TokenReadback;
  /** Tokens whose keys and values the cache holds. */
  #tokens: TokenId[] = [];
  #forward: { readonly decoder: Decoder; readonly generation: number; free(): void } | undefined;
  #busy = false;
  readonly #faults: EngineError[] = [];

  private constructor(
    readonly spec: ModelSpec,
    private readonly options: SessionOptions,
    readonly buffers: Buffers,
    readonly pipelines: Pipelines,
    private readonly scratch: Scratch,
    private readonly weights: ModelWeights,
    readonly placements: readonly Placement[],
  ) {
    const { device } = buffers;
    this.#pacer = new Pacer(device, FIRST_RATE[options.profile]);
    this.#kv = new KvCache(buffers, spec, options.dtype);
    this.#readback = new TokenReadback(buffers);
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
      return await allocate(device, 'the model', () => {
        const largest = options.maxBindingBytes ?? device.limits.maxStorageBufferBindingSize;
        const { weights, placements } = layOut(spec, buffers, options.dtype, largest);
        const scratch = makeScratch(spec, buffers, options.tileRows ?? MOST_ROWS);
        return new Session(spec, options, buffers, new Pipelines(device), scratch, weights, placements);
      });
    } catch (thrown) {
      buffers.freeAll();
      throw thrown;
    }
  }

  /** Runs every kernel once: drivers finish compiling only then, and the first turn should not wait for it. */
  async warmUp(): Promise<void> {
    const prompt = [0, 0] as TokenId[];
    const signal = new AbortController().signal;
    await this.run(prompt, { sampling: GREEDY, maxNewTokens: 2, stopIds: new Set(), signal });
    this.#truncate(0);
  }

  get variant() {
    return { profile: this.options.profile, dtype: this.options.dtype, D: this.spec.D };
  }

  /**
   * Reads the prompt, but for the prefix that the cache already holds, and writes an answer. Rejects with `busy`,
   * `context-exceeded`, `out-of-memory` or `device-lost`; but for the last, the cache then is as it was, or empty.
   */
  async run(prompt: readonly TokenId[], options: RunOptions): Promise<RunResult> {
    if (this.#busy)
      throw new EngineError('busy', 'Another answer is being written. Stop it or wait for its end.');
    checkPrompt(prompt, this.spec);
    checkOptions(options);
    this.#busy = true;
    try {
      const result = await this.#run(prompt, options);
      const [fault] = this.#faults.splice(0);
      if (fault) throw fault;
      return result;
    } catch (thrown) {
      this.#faults.length = 0; // they belong to this turn, not to the next one
      throw await causeOf(thrown, this.buffers.device);
    } finally {
      this.#busy = false;
    }
  }

  memory(): MemoryReport {
    const layers: KvLayerReport[] = this.#kv.report();
    return {
      weightsBytes: this.buffers.bytes('weights'),
      kv: {
        hotBytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
        fullBytes: this.#kv.fullBytes(Math.max(...this.#kv.filled)),
        allocatedBytes: this.buffers.bytes('kv'),
        layers,
      },
      scratchBytes: this.buffers.bytes('scratch'),
      totalBytes: this.buffers.bytes(),
      peakBytes: this.buffers.peakBytes,
    };
  }

  destroy(): void {
    this.buffers.freeAll();
  }

  async #run(prompt: readonly TokenId[], options: RunOptions): Promise<RunResult> {
    const started = performance.now();
    const reusedTokens = this.#keepPrefix(prompt);
    this.#prepareSampler(prompt, options.sampling);
    const maxNew = Math.min(options.maxNewTokens, this.spec.contextLength - prompt.length);
    await this.#reserve(prompt.length + Math.min(maxNew, ANSWER_ROOM));
    let share = 0;
    let ttftMs: number | undefined;
    const read = await this.#prefill(prompt, reusedTokens, {
      ...options,
      onReading: (part, tokens) => {
        share = part;
        // The device's word on the last tile may come after the first token.
        if (ttftMs === undefined) options.onReading?.(part, tokens);
      },
    });
    // Not awaited before decoding starts: the first token is already on its way, and may even be seen first.
    const elapsed = () => performance.now() - started;
    let prefillMs: number | undefined;
    const idle = awaitedLater(this.#pacer.idle().then(() => (prefillMs ??= elapsed())));
    const onToken = (id: TokenId, index: number) => {
      if (index === 0) {
        ttftMs = elapsed();
        if (share < 1) options.onReading?.(1, { total: prompt.length - reusedTokens, reused: reusedTokens });
        options.onFirstToken?.((prefillMs ??= ttftMs), ttftMs);
      }
      options.onToken?.(id, index);
    };
    const decoded = read
      ? await this.#decode(prompt, { ...options, onToken, maxNewTokens: maxNew })
      : NOTHING;
    const readMs = await idle;
    const contextEnded = decoded.stopReason === 'length' && maxNew < options.maxNewTokens;
    return {
      ...decoded,
      stopReason: contextEnded ? 'context' : decoded.stopReason,
      reusedTokens,
      prefillMs: readMs,
      ttftMs,
      prefillTokensPerSecond: (1000 * share * (prompt.length - reusedTokens)) / readMs,
    };
  }

  /** Truncates the cache to what it shares with the prompt; the last token is always computed, for its logits. */
  #keepPrefix(prompt: readonly TokenId[]): number {
    const most = Math.min(this.#tokens.length, prompt.length - 1);
    let shared = 0;
    while (shared < most && this.#tokens[shared] === prompt[shared]) shared++;
    this.#truncate(shared);
    return shared;
  }

  #truncate(length: number): void {
    this.#tokens.length = Math.min(this.#tokens.length, length);
    this.#kv.truncate(length);
  }

  #prepareSampler(prompt: readonly TokenId[], sampling: SamplingOptions): void {
    const { queue } = this.buffers.device;
    queue.writeBuffer(this.scratch.seen, 0, seenBits(this.spec.V, prompt));
    queue.writeBuffer(this.scratch.sampling, 0, packOp(SAMPLING_OP, samplingOp(this.spec.V, sampling)));
  }

  /** Room for entries in the cache, and a forward pass bound to it. */
  async #reserve(entries: number): Promise<void> {
    if (entries <= this.#kv.capacity && this.#forward?.generation === this.#kv.generation) return;
    try {
      await allocate(this.buffers.device, 'the conversation', () => {
        this.#kv.reserve(entries);
        return this.#bindForward();
      });
    } catch (thrown) {
      this.#tokens = [];
      this.#kv.clear();
      throw thrown;
    }
  }

  /** Makes the forward pass over the cache's buffers as they are. Resolves when it is compiled. */
  #bindForward(): Promise<void> {
    this.#forward?.free();
    this.#forward = undefined;
    const { capacity, layers, generation } = this.#kv;
    const part = this.buffers.storage('scratch', 'splits', 4 * partFloats(this.spec, capacity));
    const uniforms = new Uniforms(this.buffers);
    const make = new OpMaker(this.pipelines, this.variant, uniforms, this.scratch.step);
    const parts = { spec: this.spec, make, scratch: this.scratch, weights: this.weights, part };
    const free = () => {
      uniforms.free();
      this.buffers.free(part);
    };
    this.#forward = { decoder: makeDecoder(parts, layers, capacity), generation, free };
    return make.compiled();
  }

  async #prefill(prompt: readonly TokenId[], cached: number, options: RunOptions): Promise<boolean> {
    const { device } = this.buffers;
    const tokens = Uint32Array.from(prompt.slice(cached));
    invariant(this.#forward, () => 'prefill before reserve');
    const common = {
      device,
      spec: this.spec,
      decoder: this.#forward.decoder,
      scratch: this.scratch,
      pacer: this.#pacer,
      fixedRows: this.options.tileRows,
      tokens,
      cached,
      signal: options.signal,
      onProgress: (share: number, layer: number, entries: number) => {
        if (this.#kv.appended < prompt.length) {
          this.#kv.filled.fill(prompt.length, 0, layer).fill(entries, layer, layer + 1);
        }
        options.onReading?.(share, { total: tokens.length, reused: cached });
      },
    };
    const makeResidual = () => new Residual(this.buffers, tokens.length, this.spec.C);
    const residual =
      tokens.length > tileRows(common)
        ? await allocate(device, 'reading the prompt', makeResidual)
        : undefined;
    try {
      const read = await prefill({ ...common, residual });
      if (read) {
        this.#kv.appended = prompt.length;
        this.#tokens = [...prompt];
      } else this.#truncate(cached);
      return read;
    } finally {
      residual?.free();
    }
  }

  async #decode(prompt: readonly TokenId[], options: RunOptions): Promise<Decoded> {
    const { device } = this.buffers;
    const decoded = await decode({
      device,
      scratch: this.scratch,
      readback: this.#readback,
      position: prompt.length,
      options,
      // Grows the cache every few hundred tokens; between, nothing is made.
      forward: async (entries) => {
        this.#kv.appended = entries;
        if (entries + 1 > this.#kv.capacity) await this.#reserve(entries + ANSWER_ROOM);
        return this.#forward!.decoder;
      },
      readLogits: async () =>
        new Float32Array(await readBuffer(device, this.scratch.logits, 0, 4 * this.spec.V)),
    });
    // The last token was drawn but not fed, or fed by a step that ran ahead; its entry does not count.
    const fed = (options.forced ?? decoded.tokens).slice(
      0,
      decoded.tokens.length - (decoded.stopReason === 'stopped' ? 0 : 1),
    );
    this.#tokens.push(...fed);
    this.#kv.appended = this.#tokens.length;
    return decoded;
  }
}
