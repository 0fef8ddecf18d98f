/**
 * The contract between page and the library's worker, which keeps models in the browser's private storage: types only.
 * Bytes are bytes, times are milliseconds unless a name says otherwise.
 */
import type { HubModel, PickedFile } from './protocol';

export interface ListedFile {
  /** Within the repository or folder. */
  readonly path: string;
  readonly size: number; // bytes
}

/** What a download would fetch: only what the engine reads. */
export interface HubListing {
  /** The revision as the commit that it is just now. */
  readonly commit: string;
  readonly files: readonly ListedFile[];
  readonly totalBytes: number;
  /** Of these, what is stored already. */
  readonly storedBytes: number;
  /** Text of config.json, for a memory plan. */
  readonly config: string;
}

export type StoredOrigin =
  | {
      readonly kind: 'hub';
      readonly repo: string;
      readonly revision: string;
      readonly commit: string;
      readonly hubUrl: string;
    }
  /** A copy of dropped or picked files. */
  | { readonly kind: 'copy' };

/** A model in private storage, whole or in part. */
export interface StoredModel {
  readonly key: string;
  readonly name: string;
  readonly origin: StoredOrigin;
  readonly totalBytes: number;
  readonly storedBytes: number;
  /** Every file is there and was verified. */
  readonly complete: boolean;
  readonly files: readonly (ListedFile & { readonly storedBytes: number })[];
  /** Text of config.json where it is stored. */
  readonly config: string | undefined;
}

/** How a download, a copy or a check is going. */
export interface TransferProgress {
  readonly key: string;
  readonly step: 'listing' | 'transferring' | 'verifying' | 'waiting';
  readonly files: readonly (ListedFile & { readonly doneBytes: number })[];
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  readonly secondsLeft: number;
}

export interface StorageSpace {
  /** Whether private storage can be used at all; a private window may refuse it. */
  readonly available: boolean;
  readonly usageBytes: number;
  readonly quotaBytes: number;
  /** Whether the browser promised not to clear it by itself. */
  readonly persisted: boolean;
}

/**
 * What the library's worker exposes through Comlink. Every promise rejects with an error that carries
 * `code: EngineErrorCode`. Progress comes at most some ten times a second. One transfer of a key at a time, over all tabs.
 */
export interface LibraryApi {
  /** Asks the Hub what a download would fetch. */
  look(model: HubModel): Promise<HubListing>;
  /** Fetches what is missing, goes on at the byte where an earlier download ended, and verifies. */
  download(model: HubModel, onProgress: (progress: TransferProgress) => void): Promise<StoredModel>;
  copy(
    name: string,
    files: readonly PickedFile[],
    onProgress: (progress: TransferProgress) => void,
  ): Promise<StoredModel>;
  /** Checks every byte against what was verified when it was stored; what is damaged is fetched again. */
  verify(key: string, onProgress: (progress: TransferProgress) => void): Promise<StoredModel>;
  /** Ends a transfer; what is stored of it stays. Its promise rejects with an `AbortError`-like `EngineError` of code `busy`. */
  cancel(key: string): Promise<void>;
  list(): Promise<readonly StoredModel[]>;
  remove(key: string): Promise<void>;
  space(): Promise<StorageSpace>;
}
