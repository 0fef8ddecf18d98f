import { EngineError } from '../errors';

/** A file that can be read in parts, wherever it lies: disk, network, a dropped file, memory. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number; // bytes
  /** Exactly `length` bytes from `offset`, in a buffer that is the caller's alone. Rejects with `file-unreadable` when they cannot be had. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** No read is coming soon: lets go of what is held open for the next one. Later reads work all the same. */
  release?(): void;
}

/** A model's folder. */
export interface ModelFolder {
  /** For messages. */
  readonly name: string;
  /** Undefined when there is no such file. */
  open(file: string): Promise<ByteSource | undefined>;
  /** Names of the files in it, in any order; left out where the folder cannot tell, as a web host's. */
  list?(): Promise<readonly string[]>;
  /**
   * All of a small file; undefined when there is no such file, `file-unreadable` when it is longer than `limit` bytes.
   * Apart from `open`, because a server that compresses a file does not tell its size beforehand.
   */
  whole(file: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** All of a file that is no longer than `limit` bytes; undefined where there is none. Rejects with `file-unreadable`. */
export async function smallFile(
  source: ByteSource | undefined,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (source && source.size > limit) {
    throw new EngineError(
      'file-unreadable',
      `${source.name} has ${source.size} bytes, and such a file may have ${limit}. Take the model's files as they were published.`,
    );
  }
  return source?.read(0, source.size);
}
