/** Models in the browser's private storage (OPFS): where each file lies, and reading it in slices. */
import { EngineError, invariant, reasonOf } from '../errors';
import { unreadable } from './http';
import { smallFile, type ByteSource, type ModelFolder } from './source';

/** One directory a model, one file a file: names are escaped, so that no path of a repository leads anywhere else. */
export const MODELS_DIRECTORY = 'models';
export const entryName = (keyOrPath: string): string => encodeURIComponent(keyOrPath);
export const pathOf = (name: string): string => decodeURIComponent(name);
/** Of the library's own files beside a model's: no path escapes to a % before anything but a hexadecimal number. */
export const isOwn = (name: string): boolean => /^%[^0-9A-F]/.test(name);
export const MANIFEST = '%manifest.json';
export const PROBE = '%probe';

/** A File or Blob: each read takes a slice, so nothing is held but what was asked for. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      invariant(offset >= 0 && offset + length <= blob.size, () => `${name}: read ${offset}+${length}`);
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (thrown) {
        throw unreadable(name, thrown); // changed or deleted since it was opened
      }
    },
  };
}

/**
 * A model that the library keeps. `root` is navigator.storage.getDirectory.
 * Rejects with `storage-refused` where private storage cannot be opened, `file-missing` where it has no such model.
 */
export function storedFolder(root: () => Promise<FileSystemDirectoryHandle>, key: string): ModelFolder {
  let opened: Promise<FileSystemDirectoryHandle> | undefined;
  const directory = () => (opened ??= openDirectory(root, key));
  const open: ModelFolder['open'] = async (file) => {
    const folder = await directory();
    try {
      const handle = await folder.getFileHandle(entryName(file));
      return blobSource(file, await handle.getFile());
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw unreadable(`${file} in private storage`, thrown);
    }
  };
  return {
    name: key,
    open,
    list: async () => {
      const names: string[] = [];
      for await (const name of (await directory()).keys()) if (!isOwn(name)) names.push(pathOf(name));
      return names;
    },
    whole: async (file, limit) => smallFile(await open(file), limit),
  };
}

async function openDirectory(
  root: () => Promise<FileSystemDirectoryHandle>,
  key: string,
): Promise<FileSystemDirectoryHandle> {
  try {
    const models = await (await root()).getDirectoryHandle(MODELS_DIRECTORY);
    return await models.getDirectoryHandle(entryName(key));
  } catch (thrown) {
    if (!isNotFound(thrown)) throw storageRefused(thrown);
    throw notStored(key);
  }
}

export const notStored = (key: string): EngineError =>
  new EngineError(
    'file-missing',
    `This browser no longer stores ${key}: it was deleted here or cleared by the browser. Download it again.`,
  );

export const isNotFound = (thrown: unknown): boolean =>
  thrown instanceof DOMException && thrown.name === 'NotFoundError';

export function storageRefused(thrown: unknown): EngineError {
  return new EngineError(
    'storage-refused',
    `This browser does not let the page store files (${reasonOf(thrown)}). Private windows do that: use a normal one, or load the ` +
      'model straight into memory, which keeps nothing.',
  );
}
