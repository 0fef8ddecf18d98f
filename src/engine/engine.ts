import type {
  EngineApi,
  EngineEvent,
  EngineFailure,
  EngineStatus,
  LoadRequest,
  ModelInfo,
  SendRequest,
  TimeToFirstToken,
  TurnResult,
} from '../protocol';
import { EngineError, invariant, toEngineError } from './errors';
import { EventBatch } from './event-batch';
import { deviceLost } from './gpu/device';
import { loadModel, type LoadedModel } from './load-model';
import type { Tokenizer } from './tokenizer/tokenizer';
import type { ModelFolder } from './weights/source';

export interface EngineWorld {
  requestAdapter(): Promise<GPUAdapter>;
  openFolder(baseUrl: string): ModelFolder;
}

/** A model with everything a conversation needs. */
type ChatModel = LoadedModel & { readonly tokenizer: Tokenizer };

/** What the worker exposes: one model at a time, one turn at a time, events in batches. */
export class Engine implements EngineApi {
  #model: ChatModel | undefined;
  #loading = false;
  #abort: AbortController | undefined;
  #loss = new Loss();

  constructor(private readonly world: EngineWorld) {}

  async load(request: LoadRequest, onStatus: (status: EngineStatus) => void): Promise<ModelInfo> {
    if (this.#loading || this.#abort) throw busy();
    this.#loading = true;
    try {
      this.#model?.session.destroy();
      this.#model?.device.destroy();
      this.#model = undefined;
      if (this.#loss.happened) this.#loss = new Loss();
      this.#model = await this.#open(request, onStatus);
      this.#watch(this.#model);
      onStatus({ state: 'ready', model: this.#model.info });
      return this.#model.info;
    } catch (thrown) {
      const { code, message } = toEngineError(thrown);
      onStatus({ state: 'failed', error: { code, message } });
      throw toEngineError(thrown);
    } finally {
      this.#loading = false;
    }
  }

  async send(request: SendRequest, onEvents: (events: readonly EngineEvent[]) => void): Promise<TurnResult> {
    const model = this.#ready();
    if (this.#abort) throw busy();
    this.#abort = new AbortController();
    const batch = new EventBatch(onEvents);
    try {
      const result = await new Turn(model, request, batch, this.#abort.signal).run();
      if (this.#model === model) return result;
      throw deviceLost(''); // which is what stopped it
    } catch (thrown) {
      throw toEngineError(thrown);
    } finally {
      batch.flush();
      this.#abort = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#abort?.abort();
  }

  async countTokens(text: string): Promise<number> {
    const { tokenizer } = this.#ready();
    try {
      return tokenizer.encode(text, { addSpecialTokens: false }).length;
    } catch (thrown) {
      throw toEngineError(thrown);
    }
  }

  async lost(): Promise<EngineFailure> {
    return this.#loss.promise;
  }

  #ready(): ChatModel {
    if (this.#model) return this.#model;
    if (this.#loading) throw busy();
    throw new EngineError('not-loaded', 'No model is loaded. Load one first.');
  }

  async #open(request: LoadRequest, onStatus: (status: EngineStatus) => void): Promise<ChatModel> {
    onStatus({ state: 'loading', step: 'adapter', loadedBytes: 0, totalBytes: 0 });
    const adapter = await this.world.requestAdapter();
    const folder = this.world.openFolder(request.baseUrl);
    const model = await loadModel(adapter, folder, {
      dtype: request.dtype,
      profile: request.profile,
      name: request.name,
      needs: 'chat',
      onStep: (step, loadedBytes, totalBytes) =>
        onStatus({ state: 'loading', step, loadedBytes, totalBytes }),
    });
    const { tokenizer } = model;
    invariant(tokenizer, () => 'a chat model without a tokenizer');
    return { ...model, tokenizer };
  }

  #watch(model: ChatModel): void {
    void model.device.lost.then(({ message }) => {
      if (this.#model !== model) return; // replaced, or our own doing
      this.#model = undefined;
      this.#abort?.abort();
      this.#loss.tell(deviceLost(message));
    });
  }
}

const busy = () =>
  new EngineError('busy', 'The engine is loading or answering. Stop it or wait for its end.');

/** The loss of a device, which may come once and may be waited for before. */
class Loss {
  happened = false;
  #resolve!: (failure: EngineFailure) => void;
  readonly promise = new Promise<EngineFailure>((resolve) => (this.#resolve = resolve));

  tell({ code, message }: EngineError): void {
    this.happened = true;
    this.#resolve({ code, message });
  }
}

/** One turn: template, prefill, decode, with what the page sees of it. */
class Turn {
  readonly #started = performance.now();
  #text = '';
  #firstTokenAt = 0;
  #newTokens = 0;
  #tokenizeMs = 0;

  constructor(
    private readonly model: ChatModel,
    private readonly request: SendRequest,
    private readonly batch: EventBatch,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<TurnResult> {
    const { tokenizer, session, info, stopIds } = this.model;
    const prompt = tokenizer.chat(this.request.messages, { addGenerationPrompt: true });
    this.#tokenizeMs = performance.now() - this.#started;
    const decoder = tokenizer.streamDecoder();
    const result = await session.run(prompt, {
      sampling: { ...info.sampling, ...this.request.sampling },
      maxNewTokens: this.request.maxNewTokens ?? info.maxNewTokens,
      stopIds,
      signal: this.signal,
      onReading: (share, tokens) => this.#onReading(share, tokens),
      onFirstToken: (prefillMs, ttftMs) => {
        this.#firstTokenAt = performance.now();
        this.batch.add({ type: 'first-token', ttft: this.#ttft(prefillMs, ttftMs) });
      },
      onToken: (id) => {
        this.#newTokens++;
        this.#write(decoder.push(id));
      },
    });
    this.#write(decoder.end());
    const memory = session.memory();
    return {
      text: this.#text,
      promptTokens: prompt.length,
      reusedTokens: result.reusedTokens,
      newTokens: result.tokens.length,
      stopReason: result.stopReason,
      ttft: result.ttftMs === undefined ? undefined : this.#ttft(result.prefillMs, result.ttftMs),
      prefillTokensPerSecond: result.prefillTokensPerSecond,
      decodeTokensPerSecond: result.decodeTokensPerSecond,
      memory,
    };
  }

  #onReading(share: number, { total, reused }: { total: number; reused: number }): void {
    const seconds = (performance.now() - this.#started - this.#tokenizeMs) / 1000;
    const doneTokens = share * total;
    const tokensPerSecond = doneTokens / Math.max(seconds, 1e-3);
    const secondsLeft = (total - doneTokens) / Math.max(tokensPerSecond, 1e-3);
    this.batch.add({
      type: 'reading',
      doneTokens,
      totalTokens: total,
      reusedTokens: reused,
      tokensPerSecond,
      secondsLeft,
    });
    this.batch.add({ type: 'memory', memory: this.model.session.memory() });
  }

  #write(text: string): void {
    this.#text += text;
    const seconds = (performance.now() - this.#firstTokenAt) / 1000;
    const decodeTokensPerSecond = this.#newTokens > 1 ? (this.#newTokens - 1) / seconds : 0;
    this.batch.add({ type: 'text', text, newTokens: this.#newTokens, decodeTokensPerSecond });
    this.batch.add({ type: 'memory', memory: this.model.session.memory() });
  }

  #ttft(prefillMs: number, ttftMs: number): TimeToFirstToken {
    const tokenizeMs = this.#tokenizeMs;
    return { totalMs: tokenizeMs + ttftMs, tokenizeMs, prefillMs, firstTokenMs: ttftMs - prefillMs };
  }
}
