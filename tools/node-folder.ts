import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from '../src/engine/weights/http';
import type { ByteSource, ModelFolder } from '../src/engine/weights/source';

/** A model's folder on this computer's disk. */
export function nodeFolder(dir: string): ModelFolder {
  return {
    name: dir,
    open: async (file) => {
      const path = join(dir, file);
      const size = await sizeOf(path);
      return size === undefined ? undefined : fileSource(path, size);
    },
    list: () => readdir(dir).catch(refuse(dir)),
    whole: async (file, limit) => {
      const path = join(dir, file);
      const size = await sizeOf(path);
      if (size === undefined) return undefined;
      if (size > limit) throw unreadable(path, `it has ${size} bytes, and such a file may have ${limit}`);
      return new Uint8Array(await readFile(path).catch(refuse(path)));
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, thrown);
  });
  if (found && !found.isFile()) throw unreadable(path, 'it is not a file');
  return found?.size;
}

/** Opened for each read: a source has no end of life at which a handle could be closed. */
function fileSource(path: string, size: number): ByteSource {
  return {
    name: path,
    size,
    read: async (offset, length) => {
      const handle = await open(path).catch(refuse(path));
      try {
        const part = new Uint8Array(length);
        for (let filled = 0; filled < length;) {
          const { bytesRead } = await handle.read(part, filled, length - filled, offset + filled);
          if (bytesRead === 0) throw unreadable(path, `it ended after ${offset + filled} of ${size} bytes`);
          filled += bytesRead;
        }
        return part;
      } catch (thrown) {
        return refuse(path)(thrown);
      } finally {
        await handle.close();
      }
    },
  };
}

const refuse =
  (path: string) =>
  (thrown: unknown): never => {
    throw thrown instanceof Error && thrown.name === 'EngineError' ? thrown : unreadable(path, thrown);
  };
