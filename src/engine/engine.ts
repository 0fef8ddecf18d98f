import type {
  Calibration,
  DeviceLimits,
  EngineApi,
  EngineEvent,
  EngineFailure,
  EngineStatus,
  KvSettings,
  LoadRequest,
  ModelInfo,
  ModelPlan,
  PlanRequest,
  PolicyInfo,
  SelectionReport,
  SendRequest,
  TurnResult,
} from '../protocol';
import { EngineError, invariant, toEngineError } from './errors';
import { EventBatch } from './event-batch';
import { mostBufferBytes } from './gpu/buffers';
import { describeAdapter, deviceLost } from './gpu/device';
import { calibrate } from './kv/calibrate';
import { POLICIES } from './kv/policies';
import { loadModel } from './load-model';
import { planModel, plannedFromConfig, plannedFromLoaded } from './plan';
import { Turn, type ChatModel } from './turn';
import { formsFor } from './weights/forms';
import type { ModelFolder } from './weights/source';

export interface EngineWorld {
  requestAdapter(): Promise<GPUAdapter>;
  openFolder(request: Pick<LoadRequest, 'source' | 'name'>): ModelFolder;
}

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
    const batch = new EventBatch(onEvents);
    return this.#exclusively(
      (model, signal) => new Turn(model, request, batch, signal).run(),
      () => batch.flush(),
    );
  }

  async calibrate(
    prompts: readonly string[],
    kv: Partial<KvSettings>,
    onStep: (done: number, total: number) => void,
  ): Promise<Calibration> {
    return this.#exclusively(({ session, tokenizer, info }, signal) => {
      const tokens = prompts.map((content) =>
        tokenizer.chat([{ role: 'user', content }], { addGenerationPrompt: true }),
      );
      return calibrate(session, tokens, { ...info.kv, ...kv }, { onStep, signal });
    });
  }

  async stop(): Promise<void> {
    this.#abort?.abort();
  }

  async listPolicies(): Promise<readonly PolicyInfo[]> {
    // What a policy does stays here: functions do not cross to the page.
    return Object.values(POLICIES).map(({ name, title, paper, parameters }) => ({
      name,
      title,
      paper,
      parameters,
    }));
  }

  async selection(): Promise<SelectionReport | undefined> {
    return this.#model?.session.selection();
  }

  async promptText(from: number, to: number): Promise<string> {
    const { session, tokenizer } = this.#ready();
    return tokenizer.decode(session.promptTokens.slice(from, to), { special: true });
  }

  async countTokens(text: string): Promise<number> {
    const { tokenizer } = this.#ready();
    try {
      return tokenizer.encode(text, { addSpecialTokens: false }).length;
    } catch (thrown) {
      throw toEngineError(thrown);
    }
  }

  async plan(request: PlanRequest): Promise<ModelPlan> {
    const { config } = request;
    try {
      return planModel(
        config === undefined ? plannedFromLoaded(this.#ready()) : plannedFromConfig(config),
        request,
      );
    } catch (thrown) {
      throw toEngineError(thrown);
    }
  }

  async limits(): Promise<DeviceLimits> {
    const adapter = await this.world.requestAdapter();
    return { adapter: describeAdapter(adapter), maxBufferBytes: mostBufferBytes(adapter.limits) };
  }

  async lost(): Promise<EngineFailure> {
    return this.#loss.promise;
  }

  /** One thing at a time that reads, which `stop` ends. */
  async #exclusively<T>(
    act: (model: ChatModel, signal: AbortSignal) => Promise<T>,
    atEnd: () => void = () => undefined,
  ): Promise<T> {
    const model = this.#ready();
    if (this.#abort) throw busy();
    this.#abort = new AbortController();
    try {
      const result = await act(model, this.#abort.signal);
      if (this.#model === model) return result;
      throw deviceLost(''); // which is what stopped it
    } catch (thrown) {
      throw toEngineError(thrown);
    } finally {
      atEnd();
      this.#abort = undefined;
    }
  }

  #ready(): ChatModel {
    if (this.#model) return this.#model;
    if (this.#loading) throw busy();
    throw new EngineError('not-loaded', 'No model is loaded. Load one first.');
  }

  async #open(request: LoadRequest, onStatus: (status: EngineStatus) => void): Promise<ChatModel> {
    onStatus({ state: 'loading', step: 'adapter', loadedBytes: 0, totalBytes: 0 });
    const adapter = await this.world.requestAdapter();
    const folder = this.world.openFolder(request);
    const model = await loadModel(adapter, folder, {
      ...formsFor(request.dtype ?? 'f16'),
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
