/** Where a model's files come from, and the few ways of asking for them. */
import { EngineError, invariant } from '../errors';
import { BodyReader, HttpFile, isMissing, request, unreadable } from './http';
import type { ByteSource, ModelFolder } from './source';

/** Far above any tokenizer.json (Llama 3: 17 MB), far below what hurts. */
const TEXT_LIMIT = 64 * 1024 * 1024;

export function memorySource(name: string, bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => {
      invariant(offset >= 0 && offset + length <= bytes.length, () => `${name}: read ${offset}+${length}`);
      return bytes.slice(offset, offset + length);
    },
  };
}

/**
 * A folder of a static web host. `fetchImpl` is fetch itself, bound where the platform wants that.
 * What counts as "no such file": 404, 410, and the page that hosts of single page apps send for every unknown path; and,
 * without asking, what `files` lacks, where it is known what the folder holds.
 */
export function httpFolder(baseUrl: string, fetchImpl: typeof fetch, files?: readonly string[]): ModelFolder {
  const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
  const lacks = (file: string) => files?.includes(file) === false;
  return {
    name: baseUrl,
    open: async (file) => (lacks(file) ? undefined : HttpFile.open(base + file, fetchImpl)),
    whole: async (file, limit) => {
      if (lacks(file)) return undefined;
      const response = await request(fetchImpl, base + file);
      const body = new BodyReader(base + file, response);
      if (isMissing(response)) {
        body.cancel();
        return undefined;
      }
      if (!response.ok) {
        body.cancel();
        throw unreadable(base + file, `the server answered ${response.status}`);
      }
      return body.rest(limit);
    },
  };
}

/** The text of a small file: undefined when there is none, `file-unreadable` when it is too long or not UTF-8. */
export async function readText(folder: ModelFolder, file: string): Promise<string | undefined> {
  const bytes = await folder.whole(file, TEXT_LIMIT);
  if (!bytes) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(`${file} in ${folder.name}`, 'it is not UTF-8 text');
  }
}

/** What `found` resolves with, or `file-missing` naming file and folder. */
export async function requireFile<Found>(
  folder: ModelFolder,
  file: string,
  found: Promise<Found | undefined>,
): Promise<Found> {
  const value = await found;
  if (value !== undefined) return value;
  throw new EngineError(
    'file-missing',
    `There is no ${file} in ${folder.name}. A model's folder needs it: add the file or choose another folder.`,
  );
}
