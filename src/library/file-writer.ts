/** Writing a file in private storage from front to back, over as many interruptions as it takes. */
import { CHUNK, digest, wholeHash, type WholeHash } from './hashing';
import type { FileRecord } from './manifest';
import type { RandomFile } from './shelf';

/**
 * Bytes go to the disk as they come, so that an interruption loses none; digests follow a chunk at a time. `record` is
 * kept up to date.
 */
export class FileWriter {
  #hash: WholeHash;
  /** The bytes of the chunk that is not whole yet. */
  readonly #chunk = new Uint8Array(CHUNK);
  #filled = 0;

  private constructor(
    private readonly file: RandomFile,
    private readonly record: FileRecord,
  ) {
    this.#hash = wholeHash(record);
  }

  /**
   * Goes on behind what the disk holds. All of that is read again, because the hash of the whole file needs it; what is
   * not as it was written is dropped with all that follows. `onRead` may throw to end it.
   */
  static async resume(
    file: RandomFile,
    record: FileRecord,
    onRead: (bytes: number) => void,
  ): Promise<FileWriter> {
    const writer = new FileWriter(file, record);
    const onDisk = file.getSize();
    const known = record.chunks;
    Object.assign(record, { chunks: [], storedBytes: 0 });
    if (onDisk > record.size) writer.restart();
    else if (onDisk > 0) await writer.#reread(onDisk, known, onRead);
    return writer;
  }

  async #reread(onDisk: number, known: readonly string[], onRead: (bytes: number) => void): Promise<void> {
    for (let at = 0; at < onDisk; at += CHUNK) {
      const bytes = this.#chunk.subarray(0, Math.min(CHUNK, onDisk - at));
      const read = this.file.read(bytes, { at });
      const found = bytes.length === CHUNK ? await digest(this.#chunk) : undefined;
      const expected = known[at / CHUNK];
      if (read < bytes.length || (found !== undefined && expected !== undefined && found !== expected)) {
        this.file.truncate(at);
        return;
      }
      this.#hash.update(bytes);
      this.record.storedBytes += bytes.length;
      if (found === undefined) this.#filled = bytes.length;
      else this.record.chunks.push(found);
      onRead(bytes.length);
    }
  }

  /** Throws the browser's QuotaExceededError when the disk is full; what was written stays. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const part = rest.subarray(0, CHUNK - this.#filled);
      const written = this.file.write(part, { at: this.record.storedBytes });
      // Chrome's private windows do not throw when they are full, and tell an error's number as if it were a length.
      if (written !== part.length) throw new DOMException('a write fell short', 'QuotaExceededError');
      this.#hash.update(part);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      this.record.storedBytes += part.length;
      if (this.#filled === CHUNK) await this.#endChunk();
      rest = rest.subarray(part.length);
    }
  }

  /** Whether the whole file is what its origin says; if so it is marked as verified. Once, at its end. */
  async finish(): Promise<boolean> {
    if (this.#filled > 0) await this.#endChunk();
    this.record.verified = this.#hash.matches();
    this.file.flush();
    return this.record.verified;
  }

  /** Forgets every byte. */
  restart(): void {
    this.file.truncate(0);
    this.#hash = wholeHash(this.record);
    this.#filled = 0;
    Object.assign(this.record, { chunks: [], storedBytes: 0, etag: undefined });
  }

  async #endChunk(): Promise<void> {
    this.record.chunks.push(await digest(this.#chunk.slice(0, this.#filled)));
    this.#filled = 0;
  }
}
