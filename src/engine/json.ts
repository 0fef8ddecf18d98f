import type { EngineErrorCode } from '../protocol';
import { EngineError } from './errors';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as a message shows it: JSON, cut where it is long. */
export function shown(value: unknown): string {
  // JSON.stringify says "null" for NaN and nothing for undefined.
  const text = value === undefined || typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** `file`'s text as a JSON object, or an EngineError with `code` that names the file. */
export function parseJsonObject(text: string, file: string, code: EngineErrorCode): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new EngineError(code, `${file} is not JSON (${why}). Download or export the file again.`);
  }
  if (!isObject(value)) {
    throw new EngineError(
      code,
      `${file} holds ${shown(value)} where a JSON object is needed. Download or export the file again.`,
    );
  }
  return value;
}
