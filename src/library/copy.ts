/** Files that the visitor dropped or picked, as the model that is to be copied. */
import { EngineError } from '../engine/errors';
import type { PickedFile } from '../protocol';
import { chooseFiles } from './choose-files';
import { digest } from './hashing';

const CONFIG = 'config.json';

/** What the engine reads of them, by path below the folder that holds config.json. */
export async function pickFiles(
  name: string,
  picked: readonly PickedFile[],
): Promise<ReadonlyMap<string, File>> {
  const configs = picked.map(({ path }) => path).filter((path) => path.split('/').at(-1) === CONFIG);
  const [config, another] = configs.sort((a, b) => a.length - b.length);
  if (config === undefined) {
    throw new EngineError('file-missing', `There is no ${CONFIG} in ${name}. Add it, then copy again.`);
  }
  if (another?.length === config.length) {
    throw new EngineError('bad-argument', `${name} holds several models. Choose the folder of one of them.`);
  }
  const root = config.slice(0, -CONFIG.length);
  const files = new Map(
    picked
      .filter(({ path }) => path.startsWith(root))
      .map(({ path, file }) => [path.slice(root.length), file]),
  );
  const index = async () => (await files.get('model.safetensors.index.json')?.text()) ?? '';
  const chosen = await chooseFiles(name, [...files.keys()], index);
  return new Map(chosen.map((path) => [path, files.get(path)!]));
}

/** The same for the same files, so that copying them again goes on; another for others of the same name. */
export async function copyKey(name: string, files: ReadonlyMap<string, File>): Promise<string> {
  const facts = [...files].map(([path, { size, lastModified }]) => [path, size, lastModified]);
  const hash = await digest(new TextEncoder().encode(JSON.stringify(facts)));
  return `copy/${name}/${hash.slice(0, 8)}`;
}
