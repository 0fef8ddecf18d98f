/** Files that the visitor dropped or picked: what model they are, and which of them are to be copied. */
import { EngineError } from '../engine/errors';
import {
  chooseFiles,
  CONFIG,
  INDEX,
  refuseOtherFormats,
  surveyFiles,
  TOKENIZER,
  WHOLE,
} from '../engine/weights/model-files';
import { filesFolder, gatherModel, type GatheredFiles } from '../engine/weights/picked';
import { openSafetensors } from '../engine/weights/safetensors';
import { openWeights } from '../engine/weights/shards';
import { readText } from '../engine/weights/sources';
import type { PickedModel } from '../library-protocol';
import type { EngineFailure, PickedFile } from '../protocol';
import { digest } from './hashing';

type Files = ReadonlyMap<string, File>;

const textOf = async (where: string, files: Files, path: string): Promise<string> =>
  (await readText(filesFolder(where, files), path)) ?? '';

/**
 * What the engine reads of them, by path below the folder that holds config.json. Rejects where they are no whole model,
 * or their weights are cut short or spoilt.
 */
export async function pickFiles(name: string, picked: readonly PickedFile[]): Promise<Files> {
  const { files } = gatherModel(picked);
  const chosen = await chooseFiles(name, [...files.keys()], () => textOf(name, files, INDEX));
  const model = only(chosen, files);
  await openWeights(filesFolder(name, model));
  return model;
}

const only = (chosen: readonly string[], files: Files): Files =>
  new Map(chosen.map((path) => [path, files.get(path)!]));

/**
 * What they are, together with those that wait for the rest of their model. Reads config.json, the index, and the headers of
 * the weights.
 */
export async function examineFiles(
  added: readonly PickedFile[],
  waiting: PickedModel | undefined,
): Promise<PickedModel> {
  const gathered = gatherModel(added);
  if (gathered.files.size === 0) {
    const found = added.length === 0 ? 'no file' : 'no model';
    throw new EngineError(
      'file-missing',
      `There is ${found} in ${gathered.name ?? 'what was chosen'}. Choose a folder with ${CONFIG}, ${TOKENIZER} and ${WHOLE}.`,
    );
  }
  // Else it would be taken for a part of what waits, and nothing said.
  refuseOtherFormats(gathered.name ?? 'What was chosen', [...gathered.files.keys()]);
  const { name, files, joined } = await join(gathered, waiting);
  const where = name ?? 'what was chosen';
  const { chosen, missing } = await surveyFiles(where, [...files.keys()], () => textOf(where, files, INDEX));
  const listed = chosen.map((path) => ({ path, size: files.get(path)!.size }));
  return {
    name: name ?? 'Model from this device',
    files: [...files].map(([path, file]) => ({ path, file })),
    chosen: listed,
    totalBytes: listed.reduce((sum, { size }) => sum + size, 0),
    missing,
    flaw: await flawOf(where, only(chosen, files), missing.length === 0),
    config: files.has(CONFIG) ? await textOf(where, files, CONFIG) : undefined,
    joined,
  };
}

/** What the loader would refuse the weights for, as their headers tell it; of a model in parts, those that are there. */
async function flawOf(where: string, model: Files, isWhole: boolean): Promise<EngineFailure | undefined> {
  const folder = filesFolder(where, model);
  const weights = [...model.keys()].filter((path) => path.endsWith('.safetensors'));
  try {
    if (isWhole) await openWeights(folder);
    else for (const path of weights) await openSafetensors((await folder.open(path))!);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    const { code, message } = thrown;
    return { code, message };
  }
}

/**
 * Another config.json is another model, and so is any beside one that lacks nothing; everything else belongs to the one that
 * waits.
 */
async function join(
  added: GatheredFiles,
  waiting: PickedModel | undefined,
): Promise<GatheredFiles & { readonly joined: boolean }> {
  if (waiting === undefined) return { ...added, joined: false };
  const config = added.files.has(CONFIG) ? await textOf('it', added.files, CONFIG) : undefined;
  const isSame = config === waiting.config && waiting.missing.length > 0;
  if (config !== undefined && waiting.config !== undefined && !isSame) return { ...added, joined: false };
  const waited = waiting.files.map(({ path, file }) => [path, file] as const);
  return { name: waiting.name, files: new Map([...waited, ...added.files]), joined: true };
}

/** The same for the same files, so that copying them again goes on; another for others of the same name. */
export async function copyKey(name: string, files: Files): Promise<string> {
  const facts = [...files].map(([path, { size, lastModified }]) => [path, size, lastModified]);
  const hash = await digest(new TextEncoder().encode(JSON.stringify(facts)));
  return `copy/${name}/${hash.slice(0, 8)}`;
}
