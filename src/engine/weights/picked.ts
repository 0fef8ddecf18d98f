/** Files that a visitor dropped or picked, as the folder of a model: which of them belong together, and reading them in slices. */
import type { PickedFile } from '../../protocol';
import { EngineError, reasonOf } from '../errors';
import { CONFIG, INDEX, isModelFile, WHOLE } from './model-files';
import { smallFile, type ByteSource, type ModelFolder } from './source';

export interface GatheredFiles {
  /** Of the folder that holds the model; undefined for files that lie in none. */
  readonly name: string | undefined;
  /** What may belong to a model, by path below its folder. */
  readonly files: ReadonlyMap<string, File>;
}

const split = (path: string): readonly [folder: string, name: string] => {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
};
const isBelow = (folder: string, above: string): boolean =>
  folder !== above && (above === '' || folder.startsWith(`${above}/`));

/**
 * The model among what was dropped or picked, however deep its folder lies. The folder with config.json is the model's;
 * what it lacks and another folder has exactly once is taken from there, unless that folder is another model's. Throws
 * `bad-argument`, naming them, for several models.
 */
export function gatherModel(picked: readonly PickedFile[]): GatheredFiles {
  const parts = picked
    .map(({ path, file }) => ({ path, file, folder: split(path)[0], name: split(path)[1] }))
    .filter(({ name }) => isModelFile(name));
  const root = modelFolder(parts);
  const inRoot = parts.filter(
    ({ folder }) => root !== undefined && (folder === root || isBelow(folder, root)),
  );
  const below = root ? root.length + 1 : 0;
  const files = new Map(inRoot.map(({ path, file }) => [path.slice(below), file]));
  const found = new Map<string, Part>();
  const twice = new Set<string>();
  for (const part of parts.filter((part) => !files.has(part.name) && mayServe(part, parts, root))) {
    const other = found.get(part.name);
    // Without a folder to go by, nothing says which of two is meant.
    if (other && root === undefined) throw severalModels([other.folder, part.folder]);
    found.set(part.name, part);
    if (other) twice.add(part.name);
  }
  for (const [name, { file }] of found) if (!twice.has(name)) files.set(name, file);
  return { name: folderName(root ?? commonFolder(parts.map(({ folder }) => folder))), files };
}

interface Part {
  readonly folder: string;
  readonly name: string;
  readonly file: File;
}

const isWeights = ({ name }: Part): boolean => name.endsWith('.safetensors') || name === INDEX;

/** Whether the model in `root` may take this part for one that it lacks. */
function mayServe({ folder, name }: Part, parts: readonly Part[], root: string | undefined): boolean {
  if (root === undefined || folder === root) return true;
  // Beside shards, a single file is of something else, such as a dense layer or an assistant's head.
  const hasWeights = parts.some((part) => part.folder === root && isWeights(part));
  if (hasWeights && (name === WHOLE || name === INDEX)) return false;
  const owners = parts
    .filter((part) => part.name === CONFIG && (part.folder === folder || isBelow(folder, part.folder)))
    .map((part) => part.folder)
    .sort((a, b) => b.length - a.length);
  return owners.length === 0 || owners[0] === root;
}

/** The folder with config.json or, where there is none, with the index of the weights. */
function modelFolder(parts: readonly Part[]): string | undefined {
  const foldersWith = (is: (part: Part) => boolean) => [
    ...new Set(parts.filter(is).map(({ folder }) => folder)),
  ];
  const described = foldersWith(({ name }) => name === CONFIG);
  const weighty = foldersWith(isWeights);
  const whole = described.filter((folder) => weighty.includes(folder));
  const candidates = [whole, described, foldersWith(({ name }) => name === INDEX)].find(
    ({ length }) => length > 0,
  );
  // Models keep parts and variants of themselves in folders below their own.
  const outermost = candidates?.filter((folder) => !candidates.some((above) => isBelow(folder, above))) ?? [];
  if (outermost.length > 1) throw severalModels(outermost);
  return outermost[0];
}

/** The innermost folder that holds all of these. */
function commonFolder(folders: readonly string[]): string {
  const [first = '', ...others] = folders;
  let common = first;
  while (common !== '' && !others.every((folder) => folder === common || isBelow(folder, common))) {
    common = split(common)[0];
  }
  return common;
}

/** As people call it: the cache of huggingface_hub keeps a model in `models--owner--name/snapshots/COMMIT`. */
function folderName(path: string): string | undefined {
  if (path === '') return undefined;
  const cached = path.split('/').findLast((part) => part.startsWith('models--'));
  return cached ? cached.split('--').slice(1).join('/') : split(path)[1];
}

const SHOWN = 4;

function severalModels(folders: readonly string[]): EngineError {
  const names = [...folders].sort().map((folder) => (folder === '' ? 'the folder itself' : folder));
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return new EngineError(
    'bad-argument',
    `There are several models in this: ${names.slice(0, SHOWN).join(', ')}${more}. Choose the folder of one of them.`,
  );
}

/** The model among picked files, to be loaded. Throws as `gatherModel` does. */
export const pickedFolder = (name: string, picked: readonly PickedFile[]): ModelFolder =>
  filesFolder(name, gatherModel(picked).files);

/** `files` by path below the model's folder. */
export function filesFolder(name: string, files: ReadonlyMap<string, File>): ModelFolder {
  const open = (path: string): ByteSource | undefined => {
    const file = files.get(path);
    return (
      file && { name: path, size: file.size, read: (offset, length) => readSlice(path, file, offset, length) }
    );
  };
  return {
    name,
    open: async (path) => open(path),
    list: async () => [...files.keys()],
    whole: async (path, limit) => smallFile(open(path), limit),
  };
}

/** Rejects with `file-unreadable`: a browser refuses what was changed on disk since it was chosen. */
export async function readSlice(
  path: string,
  file: Blob,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  } catch (thrown) {
    throw new EngineError(
      'file-unreadable',
      `${path} can no longer be read (${reasonOf(thrown)}): it was changed, moved or deleted since it was chosen. ` +
        "Choose the model's files again.",
    );
  }
}
