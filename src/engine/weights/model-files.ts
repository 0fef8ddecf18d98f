/** Which files make a model, and which weights go first: one knowledge for loading, downloading, copying and picking. */
import { EngineError } from '../errors';
import { cut, isObject, jsonFlaw, parseJsonObject, shown } from '../json';

export const CONFIG = 'config.json';
export const TOKENIZER = 'tokenizer.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';
const CHAT_TEMPLATE = 'chat_template.jinja';
/** Goes before shards, as in transformers. */
export const WHOLE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';
/** As transformers, MLX and others name them. */
const SHARD = /^model-(\d{5})-of-(\d{5})\.safetensors$/;
const OPTIONAL = [
  'generation_config.json',
  TOKENIZER_CONFIG,
  CHAT_TEMPLATE,
  'special_tokens_map.json',
  'fastkv.json',
];
/** Not read, but its being there says what somebody takes for a tokenizer. */
const SENTENCEPIECE = 'tokenizer.model';

/** What weights are called in formats that are not read here, by what people call the format. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\.gguf$/i, 'GGUF'],
  [/^(adapter_model\.(safetensors|bin)|adapter_config\.json)$/, 'LoRA adapter'],
  [/\.onnx(_data)?$/i, 'ONNX'],
  [/^params_shard_\d+\.bin$|\.(mlc|wasm)$/i, 'MLC'],
  // Trainers leave pickles that are no weights: training_args.bin, optimizer.pt, rng_state_0.pth.
  [
    /^(pytorch_)?model.*\.bin$|^(?!(optimizer|scheduler|scaler|rng_state)[._]).*\.(pt|pth|ckpt)$/i,
    'PyTorch pickle',
  ],
  [/\.(h5|msgpack)$/i, 'TensorFlow or Flax'],
  [/^consolidated.*\.safetensors$/, 'Mistral’s own layout of tensors'],
];

const isRead = (name: string): boolean =>
  [CONFIG, TOKENIZER, INDEX, ...OPTIONAL].includes(name) ||
  (name.endsWith('.safetensors') && otherFormat([name]) === undefined);

/** Whether a file of this name, in whatever folder, can be part of a model or of what somebody takes for one. */
export const isModelFile = (name: string): boolean =>
  isRead(name) || name === SENTENCEPIECE || otherFormat([name]) !== undefined;

/** Throws `dtype-unsupported` for files of which none is read and one is of another format. */
export function refuseOtherFormats(where: string, paths: readonly string[]): void {
  const format = otherFormat(paths);
  if (format !== undefined && !paths.some((path) => isRead(path.split('/').at(-1)!)))
    throw notRead(where, format);
}

export interface MissingFile {
  readonly path: string;
  /** What it is for, or what is there instead of it; a clause without a full stop. */
  readonly note: string | undefined;
}

export interface FileSurvey {
  /** Paths of what is there and is read; everything else stays where it is. */
  readonly chosen: readonly string[];
  readonly missing: readonly MissingFile[];
}

/**
 * What of a model is among `paths`, and what it lacks. `readIndex` gives the text of model.safetensors.index.json and is
 * called where that decides. Rejects with `dtype-unsupported` where `where` holds the weights in a format that is not read
 * here, `safetensors-invalid` where the index is none or sets of shards are mixed.
 */
export async function surveyFiles(
  where: string,
  paths: readonly string[],
  readIndex: () => Promise<string>,
): Promise<FileSurvey> {
  const there = new Set(paths);
  const weights = await surveyWeights(where, there, readIndex);
  const missing: MissingFile[] = [];
  if (!there.has(CONFIG)) missing.push({ path: CONFIG, note: 'it describes the model' });
  if (!there.has(TOKENIZER)) {
    const found = there.has(SENTENCEPIECE);
    const note = found ? `${SENTENCEPIECE} is another form of it, which is not read` : undefined;
    missing.push({ path: TOKENIZER, note });
  }
  if (!there.has(TOKENIZER_CONFIG) && !there.has(CHAT_TEMPLATE)) {
    missing.push({ path: TOKENIZER_CONFIG, note: `it holds the chat template; ${CHAT_TEMPLATE} will do` });
  }
  const chosen = [CONFIG, TOKENIZER, ...OPTIONAL].filter((path) => there.has(path));
  return { chosen: [...chosen, ...weights.chosen], missing: [...missing, ...weights.missing] };
}

async function surveyWeights(
  where: string,
  there: ReadonlySet<string>,
  readIndex: () => Promise<string>,
): Promise<FileSurvey> {
  if (there.has(WHOLE)) return { chosen: [WHOLE], missing: [] };
  const fromIndex = there.has(INDEX) ? shardsOf(parseIndex(await readIndex())) : undefined;
  const shards = fromIndex ?? shardSet(where, [...there]);
  if (shards) {
    const chosen = shards.filter((path) => there.has(path));
    const missing = shards.filter((path) => !there.has(path)).map((path) => ({ path, note: undefined }));
    return { chosen: [...(fromIndex ? [INDEX] : []), ...chosen], missing };
  }
  const format = otherFormat([...there]);
  if (format !== undefined) throw notRead(where, format);
  return { chosen: [], missing: [{ path: WHOLE, note: 'or all of its shards' }] };
}

function otherFormat(paths: readonly string[]): string | undefined {
  const names = paths.map((path) => path.split('/').at(-1)!);
  return OTHERS.find(([other]) => names.some((name) => other.test(name)))?.[1];
}

const notRead = (where: string, format: string): EngineError =>
  new EngineError(
    'dtype-unsupported',
    `${where} holds its weights as ${format}, which is not supported here. Take the repository that has ${WHOLE}: ` +
      `${format === 'LoRA adapter' ? 'the adapter merged into its base model' : 'most models are published that way first'}, ` +
      'or an MLX form of 4 or 8 bits.',
  );

/** The paths of a whole model. Rejects as `surveyFiles` does, and with `file-missing` for the first that is not there. */
export async function chooseFiles(
  where: string,
  paths: readonly string[],
  readIndex: () => Promise<string>,
): Promise<readonly string[]> {
  const { chosen, missing } = await surveyFiles(where, paths, readIndex);
  const [first] = missing;
  if (first === undefined) return chosen;
  throw new EngineError(
    'file-missing',
    `There is no ${first.path} in ${where}, and a model cannot do without it${first.note ? `: ${first.note}` : ''}. ` +
      'Choose another repository or folder.',
  );
}

/** Which tensors each shard holds, as model.safetensors.index.json says. */
export type Index = ReadonlyMap<string, readonly string[]>;

/** In the order in which the writer filled them, which is that of their names. */
export const shardsOf = (index: Index): readonly string[] => [...index.keys()].sort();

/** Throws `safetensors-invalid`. */
export function parseIndex(text: string): Index {
  const flaw = jsonFlaw(text);
  if (flaw) throw invalidWeights(`${INDEX} ${flaw}, where one file for each tensor`);
  const { weight_map: map } = parseJsonObject(text, INDEX, 'safetensors-invalid');
  if (!isObject(map) || Object.keys(map).length === 0) {
    throw invalidWeights(
      `${INDEX} has the weight_map ${shown(map)} where names of tensors with names of files`,
    );
  }
  const index = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map)) {
    if (!isShardName(file)) {
      throw invalidWeights(
        `${INDEX} says that the tensor ${cut(tensor)} is in ${shown(file)}, where a .safetensors file of this folder`,
      );
    }
    const promised = index.get(file);
    if (promised) promised.push(tensor);
    else index.set(file, [tensor]);
  }
  return index;
}

/** In the folder or below it: an index that somebody else wrote must not lead anywhere else. */
const isShardName = (file: unknown): file is string =>
  typeof file === 'string' &&
  /^[^\\:?#%]+\.safetensors$/.test(file) &&
  file.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/**
 * The names of the set of shards that some of these files belong to, in order, whether all are there or not; undefined
 * where there is no shard. Throws `safetensors-invalid` for shards of several sets.
 */
export function shardSet(where: string, files: readonly string[]): readonly string[] | undefined {
  const found = files.filter((name) => SHARD.test(name));
  const first = found[0];
  if (first === undefined) return undefined;
  const count = Number(SHARD.exec(first)?.[2]);
  const nameOf = (i: number) => `model-${fiveDigits(i + 1)}-of-${fiveDigits(count)}.safetensors`;
  const names = Array.from({ length: count }, (_, i) => nameOf(i));
  const stranger = found.find((name) => !names.includes(name));
  if (stranger === undefined) return names;
  throw invalidWeights(
    `${where} holds ${stranger === first ? stranger : `both ${first} and ${stranger}`}, ` +
      `and no ${INDEX} that says what belongs together, where one set of shards`,
  );
}

const fiveDigits = (n: number): string => String(n).padStart(5, '0');

/** `found` ends in what would be right. */
export const invalidWeights = (found: string): EngineError =>
  new EngineError(
    'safetensors-invalid',
    `${found} is needed. Take the model's files as they were published, and only those.`,
  );
