/** An engine that does what a test tells it, one event at a time. */
import type {
  Calibration,
  EngineApi,
  EngineEvent,
  EngineFailure,
  EngineStatus,
  KvSettings,
  MemoryReport,
  ModelInfo,
  ModelPlan,
  PlanRequest,
  PolicyInfo,
  SelectionReport,
  SendRequest,
  TimeToFirstToken,
  TurnResult,
} from '../../protocol';
import { createChatStore } from './chat-store';
import type { AssistantMessage } from './conversation';
import { CLOSED, type ConnectEngine } from './engine';
import { createKvStore } from './kv-store';
import { createModelStore } from './model-store';
import { createSelectionStore } from './selection-store';

export const KV: KvSettings = {
  policy: 'fastkv',
  turnMode: 'exact',
  retain: 0.1,
  tspRate: 0.2,
  tspLayer: 0,
  pooling: 'max',
  window: 8,
  kernel: 7,
  budget: 'proportional',
  capacity: 512,
  tspLength: 2048,
  protectFirst: 4,
  protectHeader: true,
  floor: 256,
  parkTrunk: false,
};

export const MODEL: ModelInfo = {
  name: 'Demo model',
  family: 'llama',
  parameters: 1_307_000,
  contextLength: 16_384,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  vocabulary: 1536,
  dtype: 'f16',
  weights: 'f16',
  profile: 'portable',
  adapter: 'a scripted adapter',
  weightsBytes: 2_614_272,
  sampling: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0 },
  maxNewTokens: 64,
  knowsThinking: true,
  kv: KV,
};

export const POLICIES: readonly PolicyInfo[] = [
  { name: 'full', title: 'Full cache', paper: undefined, parameters: [] },
  {
    name: 'fastkv',
    title: 'FastKV',
    paper: 'https://arxiv.org/abs/2502.01068',
    parameters: [
      {
        kind: 'number',
        key: 'retain',
        label: 'KV retention',
        help: 'Share of the prompt that each KV head keeps.',
        ...{ min: 0.05, max: 1, step: 0.05, unit: 'share', onlyIn: 'proportional' },
      },
    ],
  },
];

export const TTFT: TimeToFirstToken = {
  totalMs: 30,
  tokenizeMs: 1,
  lowerMs: 12,
  selectMs: 2,
  upperMs: 6,
  firstTokenMs: 9,
};

export function memoryOf(hotBytes: number): MemoryReport {
  return {
    weightsBytes: MODEL.weightsBytes,
    kv: {
      hotBytes,
      trunkBytes: 300,
      parkedBytes: 0,
      scratchPeakBytes: 40,
      fullBytes: 1000,
      allocatedBytes: 2000,
      layers: [{ lengths: [3, 3], bytes: hotBytes }],
    },
    scratchBytes: 10,
    totalBytes: 20,
    peakBytes: 30,
  };
}

export function resultOf(change: Partial<TurnResult>): TurnResult {
  return {
    text: '',
    promptTokens: 12,
    reusedTokens: 0,
    newTokens: 0,
    stopReason: 'end',
    ttft: undefined,
    prefillTokensPerSecond: 100,
    decodeTokensPerSecond: 40,
    compression: { tspLayer: undefined, propagatedTokens: 12, coverage: undefined },
    memory: memoryOf(500),
    ...change,
  };
}

const WEIGHT_BYTES = { f32: 4000, f16: 2000, q8: 1060, q4: 620 };

/** A plan by rules of thumb that a test can follow: thousands of weights, and one byte a token for each thing that holds it. */
export function planOf({ dtype = 'f16', kv = {}, promptTokens, answerTokens }: PlanRequest): ModelPlan {
  const settings = { ...KV, ...kv };
  const { turnMode, retain } = settings;
  const tokens = promptTokens + answerTokens;
  const weightsBytes = WEIGHT_BYTES[dtype];
  const hotBytes = turnMode === 'full' ? tokens : Math.trunc(promptTokens * retain) + answerTokens;
  const trunkBytes = turnMode === 'exact' ? promptTokens / 2 : 0;
  const scratchBytes = 100;
  return {
    ...{ weightsBytes, hotBytes, trunkBytes, scratchBytes, fullBytes: tokens, largestBufferBytes: tokens },
    peakBytes: weightsBytes + hotBytes + trunkBytes + scratchBytes,
    kv: settings,
    model: {
      family: 'llama',
      parameters: 1000,
      contextLength: MODEL.contextLength,
      weights: dtype,
      isPacked: false,
    },
  };
}

export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** A promise and its ends. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...ends) => ([resolve, reject] = ends));
  return { promise, resolve, reject };
}

interface Turn {
  readonly request: SendRequest;
  emit(...events: EngineEvent[]): void;
  finish(result: Partial<TurnResult>): Promise<void>;
  fail(error: Error): Promise<void>;
}

interface CalibrationCall {
  readonly prompts: readonly string[];
  readonly kv: Partial<KvSettings>;
  step(done: number, total: number): void;
  finish(result: Calibration): Promise<void>;
  fail(error: Error): Promise<void>;
}

export class ScriptedWorker {
  readonly turns: Turn[] = [];
  readonly calibrations: CalibrationCall[] = [];
  selection: SelectionReport | undefined;
  readonly counted: string[] = [];
  readonly planned: PlanRequest[] = [];
  planOf: (request: PlanRequest) => ModelPlan = planOf;
  maxBufferBytes = 2 ** 31;
  stops = 0;
  closed = false;
  loading = deferred<ModelInfo>();
  report: (status: EngineStatus) => void = () => undefined;
  readonly #died = deferred<EngineFailure>();
  readonly #lost = deferred<EngineFailure>();

  readonly died = this.#died.promise;
  close = () => {
    this.closed = true;
    this.#died.resolve(CLOSED);
  };

  readonly api: EngineApi = {
    load: (_request, onStatus) => {
      this.report = onStatus;
      return this.loading.promise;
    },
    send: (request, onEvents) => {
      const result = deferred<TurnResult>();
      this.turns.push({
        request,
        emit: (...events) => onEvents(events),
        finish: (change) => after(() => result.resolve(resultOf(change))),
        fail: (error) => after(() => result.reject(error)),
      });
      return result.promise;
    },
    stop: () => Promise.resolve(void (this.stops += 1)),
    listPolicies: () => Promise.resolve(POLICIES),
    selection: () => Promise.resolve(this.selection),
    promptText: (from, to) => Promise.resolve(`text of ${from}..${to}`),
    calibrate: (prompts, kv, onStep) => {
      const result = deferred<Calibration>();
      this.calibrations.push({
        prompts,
        kv,
        step: onStep,
        finish: (calibration) => after(() => result.resolve(calibration)),
        fail: (error) => after(() => result.reject(error)),
      });
      return result.promise;
    },
    countTokens: (text) => {
      this.counted.push(text);
      return Promise.resolve(text.length);
    },
    plan: (request) => {
      this.planned.push(request);
      return Promise.resolve(this.planOf(request));
    },
    limits: () => Promise.resolve({ adapter: MODEL.adapter, maxBufferBytes: this.maxBufferBytes }),
    lost: () => this.#lost.promise,
  };

  die = (failure: EngineFailure) => after(() => this.#died.resolve(failure));
  loseDevice = (failure: EngineFailure) => after(() => this.#lost.resolve(failure));
}

/** Does it, and lets everything that waited for it run. */
export async function after(act: () => void): Promise<void> {
  act();
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Stores on scripted workers: `workers.at(-1)` is the one in use. */
export function scriptedStores() {
  const workers: ScriptedWorker[] = [];
  const connect: ConnectEngine = () => {
    const worker = new ScriptedWorker();
    workers.push(worker);
    return worker;
  };
  const model = createModelStore(connect);
  const kv = createKvStore({ getItem: () => null, setItem: () => undefined });
  const chat = createChatStore(model, kv);
  return { workers, model, kv, chat, selection: createSelectionStore(model, chat, kv) };
}

/** Stores with a loaded model. */
export async function readyStores() {
  const stores = scriptedStores();
  const { workers, model } = stores;
  void model.getState().load({
    source: { kind: 'site', baseUrl: 'https://example.org/models/demo/' },
    name: 'Demo model',
  });
  const worker = workers[0] as ScriptedWorker;
  await after(() => worker.loading.resolve(MODEL));
  return { ...stores, worker };
}

/** The last message, which must be an answer. */
export function lastAnswer(chat: ReturnType<typeof createChatStore>): AssistantMessage {
  const { order, messages } = chat.getState();
  const last = messages[order.at(-1) ?? ''];
  if (last?.role !== 'assistant') throw new Error('the last message is no answer');
  return last;
}
