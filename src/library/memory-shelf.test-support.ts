/** Private storage in memory, and a library on it, as unit tests need them. */
import { Library, type LibraryWorld } from './library';
import { parseManifest } from './manifest';
import type { Place, RandomFile, Shelf } from './shelf';

export interface MemoryShelf extends Shelf {
  /** Bytes by `key path`, to be looked at and spoiled. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly manifestTexts: Map<string, string>;
  /** Bytes that all files may take together. */
  quota: number;
  /** What a question beforehand is answered. */
  room: number;
}

export function memoryShelf(): MemoryShelf {
  const shelf: MemoryShelf = {
    files: new Map(),
    manifestTexts: new Map(),
    quota: Infinity,
    room: Infinity,
    place: async (key) => placeIn(shelf, key),
    manifests: async () => [...shelf.manifestTexts.values()].flatMap((text) => parseManifest(text) ?? []),
    remove: async (key) => {
      shelf.manifestTexts.delete(key);
      for (const name of [...shelf.files.keys()]) if (name.startsWith(`${key} `)) shelf.files.delete(name);
    },
  };
  return shelf;
}

function placeIn(shelf: MemoryShelf, key: string): Place {
  const { files, manifestTexts } = shelf;
  const name = (path: string) => `${key} ${path}`;
  return {
    manifest: async () => parseManifest(manifestTexts.get(key) ?? ''),
    writeManifest: async (manifest) => void manifestTexts.set(key, JSON.stringify(manifest)),
    open: async (path) => memoryFile(shelf, name(path)),
    text: async (path) => {
      const bytes = files.get(name(path));
      return bytes && new TextDecoder().decode(bytes);
    },
    removeFile: async (path) => void files.delete(name(path)),
    room: async (needBytes) => Math.min(needBytes, shelf.room),
  };
}

export function memoryFile(shelf: Pick<MemoryShelf, 'files' | 'quota'>, name: string): RandomFile {
  const { files } = shelf;
  if (!files.has(name)) files.set(name, new Uint8Array(0));
  const bytes = () => files.get(name)!;
  const used = () => [...files.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    read: (buffer, { at = 0 } = {}) => {
      const part = bytes().subarray(at, at + buffer.byteLength);
      (buffer as Uint8Array).set(part);
      return part.length;
    },
    write: (buffer, { at = 0 } = {}) => {
      const part = buffer as Uint8Array;
      const longer = Math.max(0, at + part.length - bytes().length);
      if (used() + longer > shelf.quota) throw new DOMException('full', 'QuotaExceededError');
      if (longer > 0) files.set(name, lengthened(bytes(), at + part.length));
      bytes().set(part, at);
      return part.length;
    },
    truncate: (size) => void files.set(name, bytes().slice(0, size)),
    getSize: () => bytes().length,
    flush: () => undefined,
    close: () => undefined,
  };
}

/** In place where there is room behind, else with as much room again: many small writes would copy it as often. */
function lengthened(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.buffer.byteLength) return new Uint8Array(bytes.buffer, 0, length);
  const longer = new Uint8Array(2 * length).subarray(0, length);
  longer.set(bytes);
  return longer;
}

/** As many libraries as there are tabs, on one storage. */
export function tabsOn(shelf: MemoryShelf, change: Partial<LibraryWorld> = {}) {
  const tails = new Map<string, Promise<unknown>>();
  const exclusively: LibraryWorld['exclusively'] = async (key, _signal, onWait, job) => {
    const before = tails.get(key);
    if (before) onWait();
    const result = (before ?? Promise.resolve()).then(job);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === settled) tails.delete(key);
      });
    tails.set(key, settled);
    return result;
  };
  return () =>
    new Library({
      shelf,
      fetch,
      exclusively,
      estimate: async () => ({ usage: 0, quota: 2 ** 40 }),
      persisted: async () => false,
      pause: async () => undefined,
      ...change,
    });
}
