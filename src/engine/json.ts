import type { EngineErrorCode } from '../protocol';
import { EngineError, reasonOf } from './errors';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text as a message shows it: cut where it is long. */
export const cut = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);

/** A value as a message shows it: JSON, cut where it is long. */
export function shown(value: unknown): string {
  // JSON.stringify says "null" for NaN and nothing for undefined.
  if (value === undefined || typeof value === 'number') return String(value);
  try {
    return cut(JSON.stringify(value));
  } catch {
    // JSON.parse goes deeper than JSON.stringify has stack for.
    return 'something nested too deeply to show';
  }
}

/** `file`'s text as a JSON object, or an EngineError with `code` that names the file. */
export function parseJsonObject(text: string, file: string, code: EngineErrorCode): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new EngineError(
      code,
      `${file} is not JSON (${reasonOf(thrown)}). Download or export the file again.`,
    );
  }
  if (!isObject(value)) {
    throw new EngineError(
      code,
      `${file} holds ${shown(value)} where a JSON object is needed. Download or export the file again.`,
    );
  }
  return value;
}

/** As deep as the reference implementation's parser goes (serde_json). */
const MOST_NESTED = 128;

/**
 * What is wrong with a JSON text that JSON.parse would not say: a key that one object has twice, of which it keeps the
 * last, or nesting so deep that a small file takes much memory. Undefined for any other text, JSON or not.
 */
export function jsonFlaw(json: string): string | undefined {
  const keys: (Set<string> | undefined)[] = []; // of each object that is open; lists have none
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '{' || c === '[') {
      keys.push(c === '{' ? new Set() : undefined);
      if (keys.length > MOST_NESTED) return `nests more than ${MOST_NESTED} deep`;
    } else if (c === '}' || c === ']') keys.pop();
    else if (c === '"') {
      const end = stringEnd(json, i);
      const key = isKey(json, end) ? unescaped(json.slice(i, end)) : undefined;
      if (key !== undefined && keys.at(-1)?.has(key)) return `has the key ${shown(key)} twice`;
      if (key !== undefined) keys.at(-1)?.add(key);
      i = end - 1;
    }
  }
  return undefined;
}

/** Behind the quote that closes the string which begins at `at`, or the end of the text. */
function stringEnd(json: string, at: number): number {
  let i = at + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isKey(json: string, at: number): boolean {
  let i = at;
  while (i < json.length && ' \t\n\r'.includes(json[i]!)) i++;
  return json[i] === ':';
}

/** Two spellings of a key are the same key. */
function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted; // no JSON; whoever parses the text will say so
  }
}
