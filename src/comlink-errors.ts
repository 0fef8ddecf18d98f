/**
 * Comlink carries only message, name and stack of a thrown error. This wraps its `throw` handler so that `code` and
 * `data` arrive as well. Page and worker each call `carryErrorCodes()` once; errors are known by shape, not by class,
 * so that neither side has to import the other.
 */
import { transferHandlers, type TransferHandler } from 'comlink';

interface Thrown {
  readonly value: unknown;
}

interface CodedFields {
  readonly code: string;
  readonly data?: unknown;
}

interface Wire {
  /** What Comlink's own handler made of it. */
  readonly plain: unknown;
  readonly coded: CodedFields | undefined;
}

type ThrowHandler = TransferHandler<Thrown, unknown>;

function codedFieldsOf(value: unknown): CodedFields | undefined {
  if (!(value instanceof Error) || !('code' in value) || typeof value.code !== 'string') return undefined;
  if (!('data' in value)) return { code: value.code };
  return { code: value.code, data: cloneable(value.data) };
}

/** A value that cannot be cloned would cost the whole message, and with it the code. */
function cloneable(data: unknown): unknown {
  try {
    return structuredClone(data);
  } catch {
    return undefined;
  }
}

function withCodes(inner: ThrowHandler): ThrowHandler {
  return {
    canHandle: inner.canHandle,
    serialize(thrown) {
      const [plain, transferables] = inner.serialize(thrown);
      return [{ plain, coded: codedFieldsOf(thrown.value) } satisfies Wire, transferables];
    },
    deserialize(received) {
      const { plain, coded } = received as Wire;
      try {
        // Comlink's handler never returns: it throws the error it rebuilt.
        return inner.deserialize(plain);
      } catch (error) {
        if (coded !== undefined && error instanceof Error) Object.assign(error, coded);
        throw error;
      }
    },
  };
}

let installed = false;

/** Safe to call more than once: the handlers are a table shared by the whole realm. */
export function carryErrorCodes(): void {
  if (installed) return;
  const inner = transferHandlers.get('throw');
  if (inner === undefined) throw new Error('comlink has no throw handler to wrap');
  transferHandlers.set('throw', withCodes(inner as ThrowHandler));
  installed = true;
}
