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
  | 'internal';

/** A failure as plain data: what the page shows and what a store keeps. */
export interface EngineFailure {
  readonly code: EngineErrorCode;
  /** One sentence or two: what was found, what is needed, what to do. */
  readonly message: string;
}

export type Profile = 'portable' | 'fast' | 'software';
/** How weights and KV are held on the GPU; neither needs the shader-f16 feature. */
export type StorageDtype = 'f16' | 'f32';

export interface LoadRequest {
  /** Folder address, ending in a slash, that holds config.json, tokenizer.json and model.safetensors. */
  readonly baseUrl: string;
  readonly name: string;
  readonly dtype?: StorageDtype;
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
  readonly dtype: StorageDtype;
  readonly profile: Profile;
  readonly adapter: string;
  readonly weightsBytes: number;
  /** From generation_config.json where it says so; greedy otherwise. */
  readonly sampling: SamplingOptions;
  readonly maxNewTokens: number;
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
  /** The whole conversation, ending with the user's message. What the cache already holds is not computed again. */
  readonly messages: readonly ChatMessage[];
  readonly sampling?: Partial<SamplingOptions>;
  readonly maxNewTokens?: number;
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
    /** What a full cache would take for the same tokens. */
    readonly fullBytes: number;
    /** Size of the buffers that hold the cache, room to grow included. */
    readonly allocatedBytes: number;
    readonly layers: readonly KvLayerReport[]; // [L]
  };
  /** Tile activations, logits, sampler, staging and the residual stream while reading. */
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
  /** All layers over the prompt's new tokens. */
  readonly prefillMs: number;
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
  /** Tokens that a text takes without the chat template. */
  countTokens(text: string): Promise<number>;
  /** Resolves with the reason once the device is lost; the page then loads again. */
  lost(): Promise<EngineFailure>;
}
