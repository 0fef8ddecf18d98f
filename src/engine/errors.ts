import type { EngineErrorCode } from '../protocol';

/**
 * A fault of the world (a file, a device, an input): a code for programs and a sentence for people that says what was
 * found, what is needed and what to do. Faults of ours are `invariant`s.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    readonly code: EngineErrorCode,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Throws when we broke a promise to ourselves; `text` is built only then. */
export function invariant(condition: unknown, text: () => string): asserts condition {
  if (!condition) throw new Error(`invariant: ${text()}`);
}

/** The same promise; should nobody come to await it, because something else failed first, its rejection is no news. */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** What was thrown in words, whatever it is. */
export const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** What went wrong, whatever was thrown, as an EngineError. */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  return new EngineError('internal', `Something failed inside the engine: ${reasonOf(thrown)}`);
}
