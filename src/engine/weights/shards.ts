/** A checkpoint's safetensors files: one, or several shards that make one checkpoint together. */
import { EngineError } from '../errors';
import { cut } from '../json';
import { INDEX, invalidWeights, parseIndex, shardSet, shardsOf, WHOLE, type Index } from './model-files';
import { openSafetensors, type SafetensorsFile, type TensorEntry } from './safetensors';
import type { ByteSource, ModelFolder } from './source';
import { readText } from './sources';

export interface WeightFiles {
  /** In order of their names, which is the order in which the writer filled them. */
  readonly sources: readonly ByteSource[];
  /** Of all files; each says which one holds it. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/**
 * Reads and checks the headers of a folder's weights: of model.safetensors if there is one, else of the shards that
 * model.safetensors.index.json names, else of a complete set of shards, if the folder can list its files. Over HTTP
 * the index is needed: how many shards there are could only be guessed.
 * Rejects with `file-missing`, `tensor-missing`, `safetensors-invalid`, or whatever the files reject with.
 */
export async function openWeights(folder: ModelFolder): Promise<WeightFiles> {
  const whole = await folder.open(WHOLE);
  if (whole) return join([await openSafetensors(whole)]);
  const index = await readIndex(folder);
  const files: SafetensorsFile[] = [];
  for (const name of index ? shardsOf(index) : await listShards(folder)) {
    const promised = index?.get(name);
    const source = await folder.open(name);
    if (!source) throw absentShard(folder, name, promised);
    const file = await openSafetensors(source);
    source.release?.(); // its turn comes when those before it are read
    checkPromise(file, promised);
    files.push(file);
  }
  return join(files);
}

async function readIndex(folder: ModelFolder): Promise<Index | undefined> {
  const text = await readText(folder, INDEX);
  return text === undefined ? undefined : parseIndex(text);
}

/** The names of a complete set of shards, in order. */
async function listShards(folder: ModelFolder): Promise<readonly string[]> {
  const there = (await folder.list?.()) ?? [];
  const names = shardSet(folder.name, there);
  if (names === undefined) {
    throw new EngineError(
      'file-missing',
      `There is no ${WHOLE} in ${folder.name}, and no ${INDEX} that names its parts. ` +
        "A model's folder needs the one or the other: add it or choose another folder.",
    );
  }
  const missing = names.filter((name) => !there.includes(name));
  if (missing[0] !== undefined) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
    throw new EngineError(
      'file-missing',
      `There is no ${missing[0]}${more} in ${folder.name}, which holds ${names.length - missing.length} of the model's ` +
        `${names.length} shards. All are needed: add what is missing or choose another folder.`,
    );
  }
  return names;
}

function absentShard(folder: ModelFolder, name: string, promised: readonly string[] = []): EngineError {
  const others = promised.length > 1 ? ` and ${promised.length - 1} more` : '';
  const what = promised[0] === undefined ? '' : `, in which ${INDEX} places ${cut(promised[0])}${others}`;
  return new EngineError(
    'file-missing',
    `There is no ${name} in ${folder.name}${what}. Add the file or choose another folder.`,
  );
}

function checkPromise({ source, tensors }: SafetensorsFile, promised: readonly string[] = []): void {
  const missing = promised.filter((tensor) => !tensors.has(tensor));
  if (missing[0] === undefined) return;
  const others = missing.length > 1 ? ` and ${missing.length - 1} more` : '';
  throw new EngineError(
    'tensor-missing',
    `${source.name} lacks the tensor ${cut(missing[0])}${others}, which ${INDEX} places in it. ` +
      'Check that both are of the same checkpoint, or download them again.',
  );
}

function join(files: readonly SafetensorsFile[]): WeightFiles {
  const tensors = new Map<string, TensorEntry>();
  for (const file of files) {
    for (const [name, entry] of file.tensors) {
      const other = tensors.get(name)?.source.name;
      if (other !== undefined) {
        throw invalidWeights(
          `The tensor ${cut(name)} is in ${other} and in ${file.source.name}, where one of them alone`,
        );
      }
      tensors.set(name, entry);
    }
  }
  return { sources: files.map(({ source }) => source), tensors };
}
