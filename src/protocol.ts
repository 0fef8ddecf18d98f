/**
 * The contract between page and worker: types only, seen by both, importing neither.
 * Shape letters are those of engine/shapes.ts. Bytes are bytes, times are milliseconds unless a name says otherwise.
 */

export type EngineErrorCode =
  | 'webgpu-unavailable'
  | 'adapter-limits'
  | 'device-lost'
  | 'out-of-memory'
  | 'file-missing'
  | 'file-unreadable'
  | 'safetensors-invalid'
  | 'tensor-missing'
  | 'tensor-shape'
  | 'dtype-unsupported'
  | 'config-invalid'
  | 'family-unsupported'
  | 'tokenizer-invalid'
  | 'template-invalid'
  | 'context-exceeded'
  | 'bad-argument'
  | 'not-loaded'
  | 'busy'
  | 'hub-unreachable'
  | 'hub-refused'
  | 'download-damaged'
  | 'storage-refused'
  | 'storage-full'
  | 'cancelled'
  | 'script-unreachable'
  | 'internal';

/** A failure as plain data: what the page shows and what a store keeps. */
export interface EngineFailure {
  readonly code: EngineErrorCode;
  /** One sentence or two: what was found, what is needed, what to do. */
  readonly message: string;
}

export type Profile = 'portable' | 'fast' | 'software';
/** How the KV cache is held on the GPU, and matrices that are not quantised; neither needs the shader-f16 feature. */
export type StorageDtype = 'f16' | 'f32';
/** How matrices are held on the GPU: as floats, or as affine groups of 8 or 4 bits. Norms and biases are always f32. */
export type WeightForm = StorageDtype | 'q8' | 'q4';

/** A file that a visitor dropped or picked, with its place below what was dropped: `folder/model.safetensors`. */
export interface PickedFile {
  readonly path: string;
  readonly file: File;
}

/** A model of the Hub, or of a mirror with the same routes. */
export interface HubModel {
  /** `owner/name`. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Ends without a slash: `https://huggingface.co`. */
  readonly hubUrl: string;
  readonly accessToken?: string | undefined;
}

export interface ListedFile {
  /** Within the repository or folder. */
  readonly path: string;
  readonly size: number; // bytes
}

/** Where the files of a model are: config.json, tokenizer.json and model.safetensors or its shards. */
export type ModelSource =
  /** A folder of a web host; its address ends in a slash. Where `files` says what it holds, nothing else is asked for. */
  | { readonly kind: 'site'; readonly baseUrl: string; readonly files?: readonly string[] }
  | { readonly kind: 'files'; readonly files: readonly PickedFile[] }
  /** In the browser's private storage, by its key there (library-protocol.ts). */
  | { readonly kind: 'stored'; readonly key: string }
  /** Straight from the Hub to the GPU, where the browser refuses to store it. */
  | { readonly kind: 'hub'; readonly model: HubModel; readonly files: readonly ListedFile[] };

export interface LoadRequest {
  readonly source: ModelSource;
  readonly name: string;
  /** Left out: f16. With q8 and q4 the cache is f16. A checkpoint that is quantised itself keeps its own weights. */
  readonly dtype?: WeightForm;
  /** Left out: chosen from the adapter. */
  readonly profile?: Profile;
}

export interface ModelInfo {
  readonly name: string;
  readonly family: string;
  readonly parameters: number;
  readonly contextLength: number;
  readonly layers: number; // L
  readonly heads: number; // H
  readonly kvHeads: number; // G
  readonly headDim: number; // D
  readonly vocabulary: number; // V
  /** Of the KV cache. */
  readonly dtype: StorageDtype;
  readonly weights: WeightForm;
  readonly profile: Profile;
  readonly adapter: string;
  readonly weightsBytes: number;
  /** From generation_config.json where it says so; greedy otherwise. */
  readonly sampling: SamplingOptions;
  readonly maxNewTokens: number;
  readonly knowsThinking: boolean; // whether `SendRequest.thinking` means anything to its chat template
  /** The model's own defaults; `tspLayer` is a number here. */
  readonly kv: KvSettings;
}

/** A model and a prompt that may come, asked about before either is there. */
export interface PlanRequest {
  /** The text of a config.json; left out: of the loaded model. */
  readonly config?: string | undefined;
  /** Left out: f16, or as the loaded model lies. What a checkpoint holds quantised stays so. */
  readonly dtype?: WeightForm | undefined;
  /** What is left out is as in `ModelInfo.kv`. */
  readonly kv?: Partial<KvSettings> | undefined;
  /** Of the whole conversation, as the model reads it. */
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/** GPU bytes, room to grow included, by the sizes that the engine allocates. */
export interface MemoryPlan {
  readonly weightsBytes: number;
  /** What decoding reads at the end of the answer. */
  readonly hotBytes: number;
  /** What follow-ups need besides; 0 in policy full, whose hot cache is the trunk. */
  readonly trunkBytes: number;
  /** While the prompt is read: tile activations, the residual stream, one layer's K,V, scores. */
  readonly scratchBytes: number;
  /** The most at one time, while loading, reading or writing. */
  readonly peakBytes: number;
  /** What a full cache would take for the same tokens, answer included. */
  readonly fullBytes: number;
  /** The largest buffer that cannot be split: a device with a smaller limit refuses it. */
  readonly largestBufferBytes: number;
}

export interface ModelPlan extends MemoryPlan {
  /** What it goes by: the request's settings, and the model's own for the rest. */
  readonly kv: KvSettings;
  readonly model: {
    readonly family: string;
    readonly parameters: number;
    readonly contextLength: number;
    /** As they would lie on the GPU. */
    readonly weights: WeightForm;
    /** Quantised in the checkpoint itself: `dtype` cannot change that. */
    readonly isPacked: boolean;
  };
}

/** What the graphics adapter allows. How much memory it has, WebGPU does not tell. */
export interface DeviceLimits {
  readonly adapter: string;
  /** Of one buffer, and of what a shader sees of it. */
  readonly maxBufferBytes: number;
}

/** How a load is going; what a turn does comes as events. */
export type EngineStatus =
  | {
      readonly state: 'loading';
      readonly step: 'adapter' | 'config' | 'weights' | 'compiling';
      readonly loadedBytes: number;
      /** 0 until the files' sizes are known. */
      readonly totalBytes: number;
    }
  | { readonly state: 'ready'; readonly model: ModelInfo }
  | { readonly state: 'failed'; readonly error: EngineFailure };

/**
 * What happens to the KV cache over a conversation's turns.
 *   exact  keeps the trunk (K,V of layers 0..T and the inputs of layer T), so that a follow-up selects afresh for its question
 *   lean   keeps the compressed cache alone; a follow-up reads the chat again
 *   full   compresses nothing
 */
export type TurnMode = 'exact' | 'lean' | 'full';

/** One setting of a KV policy, as the settings panel draws it. `key` is a field of KvSettings. */
export type KvParameter =
  | {
      readonly kind: 'number';
      readonly key: NumberSetting;
      readonly label: string;
      /** What it does, for people; one sentence. */
      readonly help: string;
      readonly min: number;
      readonly max: number;
      readonly step: number;
      readonly unit: 'share' | 'tokens';
      /** Only in this budget mode, where it says so. */
      readonly onlyIn?: KvSettings['budget'];
    }
  | {
      readonly kind: 'choice';
      readonly key: 'pooling' | 'budget';
      readonly label: string;
      readonly help: string;
      readonly choices: readonly { readonly value: string; readonly label: string }[];
    };

type NumberSetting = {
  [Key in keyof KvSettings]-?: number extends KvSettings[Key] ? Key : never;
}[keyof KvSettings];

export interface PolicyInfo {
  readonly name: PolicyName;
  readonly title: string;
  /** Address of the paper. */
  readonly paper: string | undefined;
  readonly parameters: readonly KvParameter[];
}

export type PolicyName = 'full' | 'fastkv';

/** How a turn compresses. Holds from the next turn on; names as in arXiv:2502.01068 and its code. */
export interface KvSettings {
  readonly policy: PolicyName;
  readonly turnMode: TurnMode;
  /** Share of the prompt that each KV head keeps (r). */
  readonly retain: number;
  /** Share of the prompt that goes on past the TSP layer (t); 1 switches propagation off. */
  readonly tspRate: number;
  /** Last layer that sees every token (T), from 0. Undefined: the published choice, by the model's layers. */
  readonly tspLayer: number | undefined;
  /** Of scores along the tokens: max is the paper's v7, avg its v1. */
  readonly pooling: 'max' | 'avg';
  /** Queries at the end of the prompt that score it. */
  readonly window: number;
  /** Tokens that the pooling joins; odd. */
  readonly kernel: number;
  /** Budgets in proportion to the prompt, or the same for every prompt. */
  readonly budget: 'proportional' | 'constant';
  /** Entries a KV head keeps in budget mode `constant`. */
  readonly capacity: number;
  /** Tokens propagated in budget mode `constant`. */
  readonly tspLength: number;
  /** Tokens at the start that always stay (ours, not the paper's). */
  readonly protectFirst: number;
  /** The system part of the chat template always stays (ours, not the paper's). */
  readonly protectHeader: boolean;
  /** Prompts shorter than this many tokens are kept whole (ours, not the paper's). */
  readonly floor: number;
  /** The trunk waits in the worker's memory instead of the GPU's while an answer is written. */
  readonly parkTrunk: boolean;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature: number;
  /** 0 keeps every token. */
  readonly topK: number;
  /** 1 keeps every token. */
  readonly topP: number;
  /** 0 keeps every token. */
  readonly minP: number;
  /** 1 is none. Counts the prompt too, as in transformers. */
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export interface SendRequest {
  /**
   * The whole conversation, ending with the user's message, or with the assistant's where the model is to go on with
   * that: the text of the turn is then what comes after it. What the cache already holds is not computed again.
   */
  readonly messages: readonly ChatMessage[];
  readonly sampling?: Partial<SamplingOptions>;
  readonly maxNewTokens?: number;
  /** Whether to think before the answer; left out: as the chat template has it. */
  readonly thinking?: boolean;
  /** What is left out is as in `ModelInfo.kv`. */
  readonly kv?: Partial<KvSettings>;
}

export interface KvLayerReport {
  /** Entries held per KV head. [G] */
  readonly lengths: readonly number[];
  readonly bytes: number;
}

export interface MemoryReport {
  readonly weightsBytes: number;
  readonly kv: {
    /** What decoding reads: entries in use times their size. */
    readonly hotBytes: number;
    /** What follow-ups need besides: K,V of layers 0..T and the inputs of layer T. 0 where there is none. */
    readonly trunkBytes: number;
    /** Of the trunk, what rests outside the GPU just now. */
    readonly parkedBytes: number;
    /** The most that scratch took during the turn: K,V of one layer, residual stream, tile activations. */
    readonly scratchPeakBytes: number;
    /** What a full cache would take for the same tokens. */
    readonly fullBytes: number;
    /** Size of the GPU buffers that hold hot cache and trunk, room to grow included. */
    readonly allocatedBytes: number;
    readonly layers: readonly KvLayerReport[]; // [L]
  };
  /** Tile activations, logits, sampler, staging; while reading, the residual stream and one layer's K,V. */
  readonly scratchBytes: number;
  /** All live buffers, and the most there ever were. */
  readonly totalBytes: number;
  readonly peakBytes: number;
}

/** The split of the time to first token. The parts add up to `totalMs`. */
export interface TimeToFirstToken {
  readonly totalMs: number;
  /** Chat template and tokenizer. */
  readonly tokenizeMs: number;
  /** Layers 0..T over the prompt's new tokens; all layers where nothing is selected. */
  readonly lowerMs: number;
  /** Scoring and selecting, in every layer. Where layers share a submission, its time is split by work. */
  readonly selectMs: number;
  /** Layers above T, and T itself for the selected tokens. */
  readonly upperMs: number;
  /** Sampling the first token and reading it back. */
  readonly firstTokenMs: number;
}

export type EngineEvent =
  | {
      readonly type: 'reading';
      /** Tokens of this turn's prompt that had to be computed; fractions of a layer count as fractions of a token. */
      readonly doneTokens: number;
      readonly totalTokens: number;
      /** Tokens found in the cache. */
      readonly reusedTokens: number;
      readonly tokensPerSecond: number;
      readonly secondsLeft: number;
    }
  | { readonly type: 'first-token'; readonly ttft: TimeToFirstToken }
  | {
      readonly type: 'text';
      /** To be appended to what came before. Never splits a character. */
      readonly text: string;
      readonly newTokens: number;
      readonly decodeTokensPerSecond: number;
    }
  | { readonly type: 'memory'; readonly memory: MemoryReport };

/** What one turn did with the prompt. */
export interface Compression {
  /** T; undefined where every token went through every layer. */
  readonly tspLayer: number | undefined;
  /** Tokens that went on past T. */
  readonly propagatedTokens: number;
  /**
   * Share of the window's attention mass at T that falls on tokens propagated by the turn before. Undefined without
   * such a turn or without propagation.
   */
  readonly coverage: number | undefined;
}

/** Which tokens of the last prompt went on and which stayed; positions ascend. */
export interface SelectionReport {
  readonly promptTokens: number;
  readonly tspLayer: number | undefined;
  /** Undefined where every token was propagated. */
  readonly propagated: Uint32Array | undefined;
  /** Original positions in the hot cache after prefill, by layer and KV head; undefined where every token was kept. [L][G] */
  readonly kept: readonly (readonly Uint32Array[])[] | undefined;
}

/** One candidate of a calibration. */
export interface CalibrationStep {
  readonly tspLayer: number;
  /** Mean squared L2 distance of the final hidden state to full context's (paper, eq. 3). */
  readonly distance: number;
  /** Multiply-adds of prefill as a share of full context's. */
  readonly work: number;
}

export interface Calibration {
  readonly steps: readonly CalibrationStep[];
  /** The T of least distance among those up to the middle of the model. */
  readonly suggested: number;
}

export interface TurnResult {
  readonly text: string;
  readonly promptTokens: number;
  readonly reusedTokens: number;
  readonly newTokens: number;
  readonly stopReason: 'end' | 'length' | 'context' | 'stopped';
  /** Undefined when stopped before the first token. */
  readonly ttft: TimeToFirstToken | undefined;
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly compression: Compression;
  readonly memory: MemoryReport;
}

/**
 * What the worker exposes through Comlink. Every promise rejects with an error that carries `code: EngineErrorCode`.
 * Callbacks come at most once a frame, events in order.
 */
export interface EngineApi {
  /** Replaces a model loaded before. */
  load(request: LoadRequest, onStatus: (status: EngineStatus) => void): Promise<ModelInfo>;
  /** One turn. Resolves, never rejects, when stopped. Rejects with `busy` while another turn runs. */
  send(request: SendRequest, onEvents: (events: readonly EngineEvent[]) => void): Promise<TurnResult>;
  /** Takes effect within one tile while reading, one token while writing. */
  stop(): Promise<void>;
  listPolicies(): Promise<readonly PolicyInfo[]>;
  /** Of the last finished or stopped turn that read its prompt whole; undefined before one. */
  selection(): Promise<SelectionReport | undefined>;
  /** Text of tokens from..to (to not included) of the last prompt. */
  promptText(from: number, to: number): Promise<string>;
  /** Reads each prompt with each candidate T and full context; forgets the conversation's cache. Ends early on `stop`. */
  calibrate(
    prompts: readonly string[],
    kv: Partial<KvSettings>,
    onStep: (done: number, total: number) => void,
  ): Promise<Calibration>;
  /** Tokens that a text takes without the chat template. */
  countTokens(text: string): Promise<number>;
  /** Needs no model where the request brings a config, and then rejects as `load` would for it. Allocates nothing. */
  plan(request: PlanRequest): Promise<ModelPlan>;
  limits(): Promise<DeviceLimits>;
  /** Resolves with the reason once the device is lost; the page then loads again. */
  lost(): Promise<EngineFailure>;
}
