/** A file behind HTTP, read in parts: by Range requests where the server grants them, from one open stream where not. */
import { EngineError, invariant } from '../errors';
import { giveBack } from './give-back';
import type { ByteSource } from './source';

export function unreadable(what: string, why: unknown): EngineError {
  const reason = why instanceof Error ? reasonOf(why) : String(why);
  return new EngineError(
    'file-unreadable',
    `Could not read ${what}: ${reason}. Check that the file can be reached, then load the model again.`,
  );
}

/** fetch says only "fetch failed" in Node; its cause says why. */
function reasonOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return cause ? `${error.message} (${cause})` : error.message;
}

export async function request(
  fetchImpl: typeof fetch,
  url: string,
  init: RequestInit = {},
): Promise<Response> {
  try {
    return await fetchImpl(url, init);
  } catch (thrown) {
    throw unreadable(url, thrown);
  }
}

/** Hosts of single page apps answer every unknown path with their page and status 200; no model file is HTML. */
export function isMissing(response: Response): boolean {
  const type = response.headers.get('content-type') ?? '';
  return (
    response.status === 404 || response.status === 410 || (response.ok && /^\s*text\/html\b/i.test(type))
  );
}

export class HttpFile implements ByteSource {
  /** Whether the server grants ranges; undefined until it was asked. */
  private ranges: boolean | undefined;
  /** The one open stream of a server without ranges. It may go on, but not back. */
  private stream: BodyReader | undefined;
  /** Settles when nobody uses the stream. */
  private idle: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly name: string,
    readonly size: number,
    private readonly fetchImpl: typeof fetch,
  ) {}

  static async open(url: string, fetchImpl: typeof fetch): Promise<HttpFile | undefined> {
    const size = await sizeOf(url, fetchImpl);
    return size === undefined ? undefined : new HttpFile(url, size, fetchImpl);
  }

  /** Of a file whose size something else told. */
  static known(url: string, size: number, fetchImpl: typeof fetch): HttpFile {
    return new HttpFile(url, size, fetchImpl);
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    invariant(
      offset >= 0 && length >= 0 && offset + length <= this.size,
      () => `${this.name}: ${offset}+${length}`,
    );
    if (length === 0) return new Uint8Array(0);
    if (this.ranges === false) return this.inTurn(() => this.readStream(offset, length));

    const range = `bytes=${offset}-${offset + length - 1}`;
    const response = await request(this.fetchImpl, this.name, { headers: { Range: range } });
    const body = new BodyReader(this.name, response);
    if (response.status === 206) {
      this.ranges = true;
      this.checkRange(response, offset, body);
      return body.only(length);
    }
    this.checkWhole(response, body);
    this.ranges = false;
    return this.inTurn(() => this.readStream(offset, length, body));
  }

  /** A stream that nobody reads takes one of the few connections that a browser opens to a host. */
  release(): void {
    void this.inTurn(async () => {
      this.stream?.cancel();
      this.stream = undefined;
    });
  }

  /** `fresh` stands at byte 0 and is dropped when the open stream still serves. */
  private async readStream(
    offset: number,
    length: number,
    fresh?: BodyReader,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (this.stream && this.stream.position <= offset) fresh?.cancel();
    else {
      this.stream?.cancel();
      this.stream = undefined; // also when the next line throws
      this.stream = fresh ?? (await this.restart());
    }
    const stream = this.stream;
    try {
      await stream.skip(offset - stream.position);
      return await stream.take(length);
    } catch (thrown) {
      this.stream = undefined;
      throw thrown;
    }
  }

  private async restart(): Promise<BodyReader> {
    const response = await request(this.fetchImpl, this.name);
    const body = new BodyReader(this.name, response);
    this.checkWhole(response, body);
    return body;
  }

  private inTurn<Result>(job: () => Promise<Result>): Promise<Result> {
    const result = this.idle.then(job);
    this.idle = result.catch(() => undefined);
    return result;
  }

  /** Content-Range may be hidden by CORS; where it shows, it must be the part that was asked for, of the same file. */
  private checkRange(response: Response, offset: number, body: BodyReader): void {
    const header = response.headers.get('content-range');
    const match = header === null ? undefined : /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header);
    if (
      header === null ||
      (Number(match?.[1]) === offset && (match?.[2] === '*' || Number(match?.[2]) === this.size))
    ) {
      return;
    }
    body.cancel();
    throw unreadable(
      this.name,
      `asked for bytes from ${offset} of ${this.size}, the server sent "${header}"`,
    );
  }

  private checkWhole(response: Response, body: BodyReader): void {
    if (response.status === 200 && !isMissing(response)) return;
    body.cancel();
    const found = isMissing(response) ? 'it is no longer there' : `the server answered ${response.status}`;
    throw unreadable(this.name, found);
  }
}

/** Undefined when there is no such file. */
async function sizeOf(url: string, fetchImpl: typeof fetch): Promise<number | undefined> {
  const head = await request(fetchImpl, url, { method: 'HEAD' });
  if (isMissing(head)) return undefined;
  const headSize = head.ok ? wholeLength(head) : undefined;
  // Some servers answer HEAD with length 0 for everything, so a 0 is not believed here.
  if (headSize) return headSize;

  // HEAD refused, or compressed on the way: a Range request is sent uncompressed and its answer tells the total.
  const probe = await request(fetchImpl, url, { headers: { Range: 'bytes=0-0' } });
  new BodyReader(url, probe).cancel();
  if (isMissing(probe)) return undefined;
  const total = /^bytes .*\/(\d+)$/.exec(probe.headers.get('content-range') ?? '')?.[1];
  // An empty file has no byte 0: 416 with "bytes */0".
  if (total !== undefined && (probe.status === 206 || probe.status === 416)) return Number(total);
  const size = probe.status === 200 ? wholeLength(probe) : undefined;
  if (size !== undefined) return size;
  throw unreadable(
    url,
    probe.ok ? 'the server does not tell its size' : `the server answered ${probe.status}`,
  );
}

/** Content-Length, unless it counts compressed bytes. */
function wholeLength(response: Response): number | undefined {
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  const length = response.headers.get('content-length');
  return encoding === 'identity' && length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}

/** A response's body, read forward in pieces of any size while holding one network chunk. */
export class BodyReader {
  position = 0; // bytes taken or skipped
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private chunk: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly url: string,
    response: Response,
  ) {
    this.reader = response.body?.getReader();
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; left -= (await this.next(left)).length);
  }

  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const part = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const piece = await this.next(length - filled);
      part.set(piece, filled);
      filled += piece.length;
      if (this.chunk.length === 0) giveBack(piece); // the last of a chunk, copied
    }
    return part;
  }

  /** The whole body, which must be `length` bytes. */
  async only(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const part = await this.take(length);
    if (await this.refill()) {
      this.cancel();
      throw unreadable(this.url, `the server sent more than the ${length} bytes that were asked for`);
    }
    return part;
  }

  /** What is left of the body, which must be at most `limit` bytes. */
  async rest(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    while (await this.refill()) {
      length += this.chunk.length;
      if (length > limit) {
        this.cancel();
        throw unreadable(this.url, `it is longer than the ${limit} bytes that such a file may have`);
      }
      pieces.push(await this.next(this.chunk.length));
    }
    const whole = new Uint8Array(length);
    let filled = 0;
    for (const piece of pieces) {
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  }

  /** Ends the transfer; errors of a connection that nobody reads any more do not matter. */
  cancel(): void {
    this.reader?.cancel().catch(() => undefined);
  }

  /** 1 to `most` bytes. */
  private async next(most: number): Promise<Uint8Array> {
    if (!(await this.refill()))
      throw unreadable(this.url, `it ended after ${this.position} bytes, too early`);
    const piece = this.chunk.subarray(0, most);
    this.chunk = this.chunk.subarray(piece.length);
    this.position += piece.length;
    return piece;
  }

  /** Sees to it that `chunk` holds bytes; false at the end of the body. */
  private async refill(): Promise<boolean> {
    while (this.chunk.length === 0) {
      const result = await this.reader
        ?.read()
        .catch((thrown: unknown) => Promise.reject(unreadable(this.url, thrown)));
      if (!result || result.done) return false;
      this.chunk = result.value;
    }
    return true;
  }
}
