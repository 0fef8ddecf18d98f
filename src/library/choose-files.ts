/** Which files of a repository or folder the engine reads; everything else stays where it is. */
import { EngineError } from '../engine/errors';
import { isObject, parseJsonObject } from '../engine/json';

const CONFIG = 'config.json';
const TOKENIZER = 'tokenizer.json';
const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;
const OPTIONAL = [
  'generation_config.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'special_tokens_map.json',
  'fastkv.json',
];

/** What weights are called in formats that are not read here, by what people call the format. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\.gguf$/i, 'GGUF'],
  [/^(adapter_model\.safetensors|adapter_config\.json)$/, 'LoRA adapter'],
  [/\.onnx(_data)?$/i, 'ONNX'],
  [/^(pytorch_model.*\.bin|.*\.(pt|pth|ckpt))$/i, 'PyTorch pickle'],
  [/\.(h5|msgpack)$/i, 'TensorFlow or Flax'],
  [/\.(mlc|wasm)$|^params_shard_\d+\.bin$/i, 'MLC'],
];

/**
 * Their paths. `readIndex` gives the text of model.safetensors.index.json and is called where that decides.
 * Rejects with `file-missing`, or with `dtype-unsupported` where `where` holds a format that is not read here.
 */
export async function chooseFiles(
  where: string,
  paths: readonly string[],
  readIndex: () => Promise<string>,
): Promise<readonly string[]> {
  const there = new Set(paths);
  const weights = await chooseWeights(where, there, readIndex);
  for (const needed of [CONFIG, TOKENIZER]) if (!there.has(needed)) throw missing(where, needed);
  return [CONFIG, TOKENIZER, ...OPTIONAL.filter((path) => there.has(path)), ...weights];
}

async function chooseWeights(
  where: string,
  there: ReadonlySet<string>,
  readIndex: () => Promise<string>,
): Promise<readonly string[]> {
  // As the engine has it: the single file goes before shards.
  if (there.has(WHOLE)) return [WHOLE];
  if (there.has(INDEX)) {
    const { weight_map: map } = parseJsonObject(await readIndex(), INDEX, 'safetensors-invalid');
    const names = isObject(map) ? Object.values(map) : [];
    const shards = [...new Set(names.filter((name) => typeof name === 'string'))].sort();
    const absent = shards.find((name) => !there.has(name));
    if (absent !== undefined) throw missing(where, absent);
    return [INDEX, ...shards];
  }
  const shards = [...there].filter((path) => SHARD.test(path)).sort();
  if (shards.length > 0) return shards;
  const other = OTHERS.find(([name]) => [...there].some((path) => name.test(path)));
  if (!other) throw missing(where, WHOLE);
  const [, format] = other;
  throw new EngineError(
    'dtype-unsupported',
    `${where} holds its weights as ${format}, which is not read here. Take the repository that has ${WHOLE}: ` +
      `${format === 'LoRA adapter' ? 'the adapter merged into its base model' : 'most models are published that way first'}, ` +
      'or an MLX form of 4 or 8 bits.',
  );
}

const missing = (where: string, file: string): EngineError =>
  new EngineError(
    'file-missing',
    `There is no ${file} in ${where}, and a model cannot do without it. Choose another repository or folder.`,
  );
