/** Bytes of a file behind HTTP as they come, over cut connections and busy servers. */
import { reasonOf, type EngineError } from '../engine/errors';
import { isMissing } from '../engine/weights/http';

/** In a row without a byte in between. */
const TRIES = 5;
const FIRST_PAUSE_MS = 500;
/** A server may ask for more patience than this; a visitor would not wait, and can try again. */
const LONGEST_PAUSE_MS = 30_000;
/** A connection that says nothing for so long is dead, whatever the operating system thinks. */
const SILENCE_MS = 60_000;

export interface Remote {
  readonly fetch: typeof fetch;
  readonly url: string;
  readonly signal: AbortSignal;
  /** What it means that the server answers so. */
  readonly refusal: (status: number) => EngineError;
  /** What it means that it cannot be reached. */
  readonly unreachable: (why: string) => EngineError;
  /** Milliseconds; tests do not wait. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Stretch {
  readonly from: number;
  readonly to: number; // not included
  /** Size of the whole file. */
  readonly size: number;
  /** Of the bytes before; undefined takes any. */
  readonly etag: string | undefined;
}

export interface Receiver {
  /** Once an answer has come, and before its first byte. */
  readonly onEtag?: (etag: string) => void;
  readonly onBytes: (bytes: Uint8Array) => Promise<void>;
}

/** The server has another file now than the one whose beginning is there. */
export class FileChanged extends Error {}

/** A fault that may pass: worth another try. */
class Passing extends Error {
  constructor(
    readonly error: EngineError,
    readonly pauseMs?: number,
  ) {
    super(error.message);
  }
}

/**
 * Gives the bytes of a stretch in order, each once, over as many connections as that takes. A server without ranges is
 * read from the start, and what is not wanted thrown away. Rejects with `FileChanged`, with what the receiver throws, or
 * after the last try with what the server's refusal means.
 */
export async function fetchBytes(remote: Remote, stretch: Stretch, receiver: Receiver): Promise<void> {
  let { from, etag } = stretch;
  let failures = 0;
  while (from < stretch.to) {
    const before = from;
    try {
      await fetchOnce(
        remote,
        { ...stretch, from, etag },
        {
          onEtag: (found) => {
            etag = found;
            receiver.onEtag?.(found);
          },
          onBytes: async (bytes) => {
            await receiver.onBytes(bytes);
            from += bytes.length;
          },
        },
      );
    } catch (thrown) {
      remote.signal.throwIfAborted();
      if (!(thrown instanceof Passing)) throw thrown;
      failures = from > before ? 1 : failures + 1;
      if (failures === TRIES) throw thrown.error;
      const ms = thrown.pauseMs ?? FIRST_PAUSE_MS * 2 ** (failures - 1);
      await (remote.pause ?? pause)(Math.min(LONGEST_PAUSE_MS, ms), remote.signal);
    }
  }
}

async function fetchOnce(remote: Remote, stretch: Stretch, receiver: Receiver): Promise<void> {
  const { from, to } = stretch;
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error('it went silent')), SILENCE_MS);
  };
  listen();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const response = await ask(remote, stretch, AbortSignal.any([remote.signal, silence.signal]));
    reader = response.body?.getReader();
    checkAnswer(remote, stretch, response, receiver);
    let skip = response.status === 206 ? 0 : from;
    let left = to - from;
    while (left > 0) {
      const piece = await reader?.read().catch((thrown: unknown) => Promise.reject(cut(remote, thrown)));
      if (!piece || piece.done) throw cut(remote, `${left} bytes before the end`);
      listen();
      const wanted = piece.value.subarray(skip, skip + left);
      skip = Math.max(0, skip - piece.value.length);
      left -= wanted.length;
      if (wanted.length > 0) await receiver.onBytes(wanted);
    }
  } finally {
    clearTimeout(timer);
    reader?.cancel().catch(() => undefined);
  }
}

async function ask({ fetch, ...remote }: Remote, stretch: Stretch, signal: AbortSignal): Promise<Response> {
  const whole = stretch.from === 0 && stretch.to === stretch.size;
  try {
    return await fetch(remote.url, {
      signal,
      // Kept by us already; a browser's cache would keep all of it a second time.
      cache: 'no-store',
      // No If-Range: it would cost a preflight at each host that the Hub redirects to, and not all would answer it.
      ...(!whole && { headers: { Range: `bytes=${stretch.from}-${stretch.to - 1}` } }),
    });
  } catch (thrown) {
    throw new Passing(remote.unreachable(reasonOf(thrown)));
  }
}

function checkAnswer(remote: Remote, stretch: Stretch, response: Response, receiver: Receiver): void {
  const { status, headers } = response;
  if (status === 429 || status >= 500) {
    throw new Passing(remote.refusal(status), retryAfter(headers.get('retry-after')));
  }
  if (status === 416) throw new FileChanged('it is shorter than what is there already');
  if (isMissing(response) || (status !== 200 && status !== 206)) {
    throw remote.refusal(isMissing(response) ? 404 : status);
  }
  const etag = headers.get('x-linked-etag') ?? headers.get('etag') ?? undefined;
  if (etag !== undefined) {
    if (stretch.from > 0 && stretch.etag !== undefined && stretch.etag !== etag) {
      throw new FileChanged(`it was ${stretch.etag} and is ${etag}`);
    }
    receiver.onEtag?.(etag);
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status !== 206 || !range) return; // CORS may hide it
  if (Number(range[1]) !== stretch.from || (range[2] !== '*' && Number(range[2]) !== stretch.size)) {
    throw new FileChanged(`asked for bytes from ${stretch.from} of ${stretch.size}, got ${range[0]}`);
  }
}

/** Seconds, or a date; undefined where it says neither. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const cut = (remote: Remote, why: unknown): Passing =>
  new Passing(remote.unreachable(`the connection broke: ${reasonOf(why)}`));

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
