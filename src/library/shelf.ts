/** Private storage as the library needs it, and as browsers have it (OPFS). */
import { EngineError } from '../engine/errors';
import {
  entryName,
  isNotFound,
  MANIFEST,
  MODELS_DIRECTORY,
  PROBE,
  storageRefused,
} from '../engine/weights/stored';
import { parseManifest, type Manifest } from './manifest';

/** A file that is read and written at byte offsets: the part of FileSystemSyncAccessHandle that is used. */
export type RandomFile = Pick<
  FileSystemSyncAccessHandle,
  'read' | 'write' | 'truncate' | 'getSize' | 'flush' | 'close'
>;

/** A model's place. */
export interface Place {
  /** Undefined where there is none that can be read. */
  manifest(): Promise<Manifest | undefined>;
  /** All at once or not at all: a crash leaves the one before. */
  writeManifest(manifest: Manifest): Promise<void>;
  /** Creates it, empty, where it is not there. To be closed before it is opened again. */
  open(path: string): Promise<RandomFile>;
  /** Undefined where it is not there. */
  text(path: string): Promise<string | undefined>;
  removeFile(path: string): Promise<void>;
  /** How many bytes of those that are needed there is room for: all of them, or about how many. */
  room(needBytes: number): Promise<number>;
}

export interface Shelf {
  /** Rejects with `storage-refused`. */
  place(key: string): Promise<Place>;
  manifests(): Promise<readonly Manifest[]>;
  remove(key: string): Promise<void>;
}

/** `root` is navigator.storage.getDirectory. */
export function opfsShelf(root: () => Promise<FileSystemDirectoryHandle>): Shelf {
  const models = async () => {
    try {
      return await (await root()).getDirectoryHandle(MODELS_DIRECTORY, { create: true });
    } catch (thrown) {
      throw storageRefused(thrown);
    }
  };
  return {
    place: async (key) =>
      opfsPlace(await (await models()).getDirectoryHandle(entryName(key), { create: true })),
    manifests: async () => {
      const found: Manifest[] = [];
      for await (const entry of (await models()).values()) {
        if (entry.kind !== 'directory') continue;
        const manifest = await opfsPlace(entry).manifest();
        if (manifest && entryName(manifest.key) === entry.name) found.push(manifest);
      }
      return found;
    },
    remove: async (key) => {
      try {
        await (await models()).removeEntry(entryName(key), { recursive: true });
      } catch (thrown) {
        if (!isNotFound(thrown)) throw thrown;
      }
    },
  };
}

/** Within a sixty-fourth: for a sentence, not for counting on it. */
const PROBES = 6;

/**
 * What storage.estimate() says is made up in some browsers (Chrome tells every page of the same 10 GiB, so as not to tell
 * pages apart by their disks), so a file is made that long. Nothing is written: it takes no time and, as a file of zeros
 * that are not there, no disk.
 */
function roomFor(probe: RandomFile, needBytes: number): number {
  const fits = (size: number) => {
    try {
      probe.truncate(size);
      return true;
    } catch {
      return false;
    }
  };
  if (fits(needBytes)) return needBytes;
  let least = 0;
  let most = needBytes;
  for (let i = 0; i < PROBES; i++) {
    const middle = Math.floor((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle;
  }
  return least;
}

function opfsPlace(directory: FileSystemDirectoryHandle): Place {
  const text = async (name: string) => {
    try {
      return await (await (await directory.getFileHandle(name)).getFile()).text();
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  };
  const remove = async (name: string) => {
    try {
      await directory.removeEntry(name);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
  };
  return {
    manifest: async () => {
      const found = await text(MANIFEST);
      return found === undefined ? undefined : parseManifest(found);
    },
    writeManifest: async (manifest) => {
      const handle = await directory.getFileHandle(MANIFEST, { create: true });
      // Writes a copy that takes the file's place when it is closed: right for this one, and for this one only.
      const writable = await handle.createWritable();
      await writable.write(JSON.stringify(manifest));
      await writable.close();
    },
    open: async (path) => {
      const handle = await directory.getFileHandle(entryName(path), { create: true });
      return handle.createSyncAccessHandle();
    },
    text: (path) => text(entryName(path)),
    removeFile: (path) => remove(entryName(path)),
    room: async (needBytes) => {
      const probe = await (await directory.getFileHandle(PROBE, { create: true })).createSyncAccessHandle();
      try {
        return roomFor(probe, needBytes);
      } finally {
        probe.close();
        await remove(PROBE);
      }
    },
  };
}

/** `needBytes` of `freeBytes`, where they are known beforehand. */
export function storageFull(needBytes?: number, freeBytes?: number): EngineError {
  const found =
    needBytes === undefined || freeBytes === undefined
      ? 'The browser has no more space for this page'
      : `The rest of the model takes ${mib(needBytes)}, and the browser has about ${mib(freeBytes)} left for this page`;
  return new EngineError(
    'storage-full',
    `${found}. Delete models that are stored here, or free space on the disk, then resume: what is stored is kept.`,
    { needBytes, freeBytes },
  );
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 1 : 0)} MiB`;
