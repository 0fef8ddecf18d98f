/**
 * The contract between page and the library's worker, which keeps models in the browser's private storage: types only.
 * Bytes are bytes, times are milliseconds unless a name says otherwise.
 */
import type { EngineFailure, HubModel, ListedFile, PickedFile } from './protocol';

/** What a download would fetch: only what the engine reads. */
export interface HubListing {
  readonly repo: string;
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
      /** As it was asked for; `commit` is what it was when the files were listed. */
      readonly revision: string;
      readonly commit: string;
      readonly hubUrl: string;
    }
  /** A copy of dropped or picked files. */
  | { readonly kind: 'copy' };

export interface StoredFile extends ListedFile {
  readonly storedBytes: number;
}

/** A model in private storage, whole or in part. */
export interface StoredModel {
  readonly key: string;
  readonly name: string;
  readonly origin: StoredOrigin;
  readonly totalBytes: number;
  readonly storedBytes: number;
  /** Every file is there and was verified. */
  readonly complete: boolean;
  readonly files: readonly StoredFile[];
  /** Text of config.json where it is stored whole. */
  readonly config: string | undefined;
}

/** What dropped or picked files come to, before anything of their weights is read but the headers. */
export interface PickedModel {
  /** Of its folder. */
  readonly name: string;
  /** All that may belong to it, by path below its folder. */
  readonly files: readonly PickedFile[];
  /** Of these, what the engine reads. */
  readonly chosen: readonly ListedFile[];
  readonly totalBytes: number;
  /** What is needed and not there; empty for a whole model. */
  readonly missing: readonly {
    readonly path: string;
    /** What it is for, or what is there instead of it; a clause without a full stop. */
    readonly note: string | undefined;
  }[];
  /** What loading it would be refused for: weights that are cut short or spoilt. */
  readonly flaw: EngineFailure | undefined;
  /** Text of config.json where it is there, for a memory plan. */
  readonly config: string | undefined;
  /** Whether files that waited are among them; false for the first and for another model. */
  readonly joined: boolean;
}

/** How a download, a copy or a check is going. */
export interface TransferProgress {
  readonly step:
    | 'listing'
    /** For another tab, which is at the same model. */
    | 'waiting'
    | 'transferring'
    | 'verifying';
  readonly files: readonly StoredFile[];
  /** Transferred, or verified. */
  readonly doneBytes: number;
  /** 0 until the files are listed. */
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  /** Infinity while nothing moves. */
  readonly secondsLeft: number;
}

export type OnProgress = (progress: TransferProgress) => void;

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
 * `code: EngineErrorCode`. Progress comes at most some ten times a second. `transfer` is any name that `cancel` may be
 * given; one transfer of a model at a time, over all tabs.
 */
export interface LibraryApi {
  /** Asks the Hub what a download would fetch. Rejects by name what the engine does not read. */
  look(model: HubModel): Promise<HubListing>;
  /**
   * Fetches what is missing, goes on at the byte where an earlier download ended, and verifies. Files that are the same
   * at a newer commit of the revision stay.
   */
  download(transfer: string, model: HubModel, onProgress: OnProgress): Promise<StoredModel>;
  /**
   * What these files are, with those of a model that waits for more of its own. Rejects by name what the engine does not
   * read, and several models at once.
   */
  examine(added: readonly PickedFile[], waiting?: PickedModel): Promise<PickedModel>;
  /** The same files copied again go on where an earlier copy ended. */
  copy(
    transfer: string,
    name: string,
    files: readonly PickedFile[],
    onProgress: OnProgress,
  ): Promise<StoredModel>;
  /**
   * Checks every byte against what was verified when it was stored. What is damaged is fetched again from the Hub; a
   * copy's damage rejects with `download-damaged`. `accessToken` is for the fetching.
   */
  verify(
    transfer: string,
    key: string,
    accessToken: string | undefined,
    onProgress: OnProgress,
  ): Promise<StoredModel>;
  /** Ends a transfer, whose promise then rejects with `cancelled`; what is stored of it stays. */
  cancel(transfer: string): Promise<void>;
  list(): Promise<readonly StoredModel[]>;
  /** Rejects with `busy` while any tab transfers or verifies it. */
  remove(key: string): Promise<void>;
  space(): Promise<StorageSpace>;
}
