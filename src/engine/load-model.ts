import type { ModelInfo, Profile, StorageDtype } from '../protocol';
import { EngineError } from './errors';
import { canRun, causeOf, chooseProfile, describeAdapter, openDevice } from './gpu/device';
import { readConfig } from './models/config';
import { packedForm, packedMatrices, readQuantisation } from './models/mlx';
import { readGenerationConfig, type GenerationDefaults } from './models/generation';
import type { ModelSpec } from './models/spec';
import { checkTensors, INSTEAD, parametersOf } from './models/tensors';
import { PAGE, defaultTspLayer } from './kv/reading-plan';
import { parseJsonObject, shown, type JsonObject } from './json';
import type { SessionOptions } from './run';
import { Session } from './session';
import type { TokenId } from './shapes';
import { loadTokenizer, readsTokensMap, readTokenizerConfig, type Tokenizer } from './tokenizer/tokenizer';
import type { Packed } from './weights/forms';
import { loadWeights } from './weights/load';
import type { TensorEntry } from './weights/safetensors';
import { openWeights } from './weights/shards';
import type { ByteSource, ModelFolder } from './weights/source';
import { readText, requireFile } from './weights/sources';

/** Longest answer where neither the checkpoint nor the caller sets a limit. */
const MAX_NEW_TOKENS = 1024;

export interface LoadOptions extends Partial<Omit<SessionOptions, 'dtype' | 'packed' | 'profile'>> {
  /** For people; the folder's own where left out. */
  readonly name?: string;
  /** Refuses early a folder without a tokenizer ('text') or, further, without a chat template ('chat'). */
  readonly needs?: 'text' | 'chat' | undefined;
  readonly dtype?: StorageDtype | undefined;
  /** Left out: chosen from the adapter. */
  readonly profile?: Profile | undefined;
  onStep?(
    step: 'adapter' | 'config' | 'weights' | 'compiling',
    loadedBytes: number,
    totalBytes: number,
  ): void;
}

/** A model that is ready to run. */
export interface LoadedModel {
  readonly device: GPUDevice;
  readonly session: Session;
  /** Undefined when the folder has no tokenizer.json. */
  readonly tokenizer: Tokenizer | undefined;
  readonly generation: GenerationDefaults;
  readonly stopIds: ReadonlySet<TokenId>;
  readonly info: ModelInfo;
  /** Of its tensors in their files. */
  readonly storedBytes: number;
}

/**
 * Opens a folder with config.json, model.safetensors (or its shards) and, if there is text to be read, tokenizer.json.
 * The checkpoint is checked whole before the device allocates anything. Rejects with any EngineErrorCode about files and devices.
 */
export async function loadModel(
  adapter: GPUAdapter,
  folder: ModelFolder,
  options: LoadOptions = {},
): Promise<LoadedModel> {
  options.onStep?.('config', 0, 0);
  const checkpoint = await readCheckpoint(folder, options.needs);
  checkForm(checkpoint, options.quantise);
  options.onStep?.('adapter', 0, 0);
  const profile = options.profile ?? chooseProfile(adapter);
  if (!canRun(profile, adapter.features)) {
    throw new EngineError(
      'adapter-limits',
      `Profile ${profile} needs shader-f16 and subgroups, which this adapter (${describeAdapter(adapter)}) lacks. ` +
        'Use profile portable.',
    );
  }
  const device = await openDevice(adapter);
  try {
    const session = await openSession(device, checkpoint, {
      ...options,
      dtype: options.dtype ?? 'f16',
      packed: checkpoint.packed,
      profile,
    });
    const name = options.name ?? folder.name;
    const info = describeModel(name, checkpoint, session, describeAdapter(adapter));
    const { tokenizer, generation } = checkpoint;
    const storedBytes = [...checkpoint.entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    return { device, session, tokenizer, generation, stopIds: stopIdsOf(checkpoint), info, storedBytes };
  } catch (thrown) {
    const cause = await causeOf(thrown, device);
    device.destroy();
    throw cause;
  }
}

/** A model as its folder describes it: config.json and the headers of its weights, checked. */
export interface Description {
  readonly config: JsonObject;
  readonly spec: ModelSpec;
  readonly tspLayer: number;
  readonly sources: readonly ByteSource[];
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** What it holds quantised; empty for most. */
  readonly packed: Packed;
  /** How it holds most of that; undefined where it is not quantised. */
  readonly packedAs: 'q8' | 'q4' | undefined;
}

/** All of a folder's files; of the weights only the headers. */
interface Checkpoint extends Description {
  readonly generation: GenerationDefaults;
  readonly tokenizer: Tokenizer | undefined;
}

/** Rejects with any EngineErrorCode about config.json and weights. */
export async function describeFolder(folder: ModelFolder): Promise<Description> {
  const config = await readModelConfig(folder);
  return { config, ...(await describeWeights(folder, config, readConfig(config))) };
}

async function readModelConfig(folder: ModelFolder): Promise<JsonObject> {
  if (/\.gguf$/i.test(folder.name)) {
    throw new EngineError(
      'dtype-unsupported',
      `${folder.name} is a GGUF file, which is not read here. ${INSTEAD}`,
    );
  }
  return requireFile(folder, 'config.json', readJson(folder, 'config.json'));
}

async function describeWeights(
  folder: ModelFolder,
  config: JsonObject,
  spec: ModelSpec,
): Promise<Omit<Description, 'config'>> {
  const { sources, tensors } = await openWeights(folder);
  const tspLayer = readTspLayer(await readJson(folder, 'fastkv.json'), spec);
  const quantisation = readQuantisation(config);
  const packed = packedMatrices(spec, tensors, quantisation);
  const packedAs = packedForm(quantisation, packed);
  const entries = checkTensors(spec, tensors, packed);
  return { spec, tspLayer, sources, entries, packed, packedAs };
}

async function readCheckpoint(folder: ModelFolder, needs: LoadOptions['needs']): Promise<Checkpoint> {
  const config = await readModelConfig(folder);
  const spec = readConfig(config);
  const generation = readGenerationConfig(await readJson(folder, 'generation_config.json'), config);
  const read = readTokenizer(folder, spec.V);
  const tokenizer = needs ? await requireFile(folder, 'tokenizer.json', read) : await read;
  if (needs === 'chat' && !tokenizer?.hasTemplate) {
    throw new EngineError(
      'template-invalid',
      `${folder.name} has no chat template: neither chat_template.jinja nor tokenizer_config.json holds one. ` +
        'A chat needs it: take the instruct form of the model.',
    );
  }
  return { config, generation, tokenizer, ...(await describeWeights(folder, config, spec)) };
}

/** What is quantised is not quantised again. */
function checkForm({ packedAs }: Checkpoint, quantise: LoadOptions['quantise']): void {
  if (!packedAs || !quantise || packedAs === quantise) return;
  throw new EngineError(
    'bad-argument',
    `This checkpoint is quantised already (${packedAs}), and ${quantise} is asked for. Load it without asking for a form, or take ` +
      'the unquantised checkpoint.',
  );
}

/** fastkv.json beside config.json may say which T suits the model: `{ "tsp_layer": 3 }`. */
function readTspLayer(json: JsonObject | undefined, { L, layers }: ModelSpec): number {
  const T = json?.['tsp_layer'] ?? defaultTspLayer(layers);
  if (typeof T === 'number' && Number.isInteger(T) && T >= 0 && T < L) return T;
  throw new EngineError(
    'config-invalid',
    `fastkv.json says tsp_layer = ${shown(T)}; a layer from 0 to ${L - 1} is needed. Mend the file or take it away.`,
  );
}

type OpenOptions = LoadOptions & Pick<SessionOptions, 'dtype' | 'packed' | 'profile'>;

async function openSession(device: GPUDevice, { spec, sources, entries }: Checkpoint, options: OpenOptions) {
  const { onStep } = options;
  const session = await Session.create(device, spec, options);
  try {
    const onProgress = (loaded: number, total: number) => onStep?.('weights', loaded, total);
    await loadWeights({ sources, entries, session, onProgress });
    onStep?.('compiling', 0, 0);
    await session.warmUp();
    return session;
  } catch (thrown) {
    session.destroy();
    throw thrown;
  }
}

function stopIdsOf({ generation, tokenizer }: Checkpoint): ReadonlySet<TokenId> {
  if (generation.eosIds.length > 0) return new Set(generation.eosIds);
  return new Set(tokenizer?.eosId === undefined ? [] : [tokenizer.eosId]);
}

function describeModel(name: string, checkpoint: Checkpoint, session: Session, adapter: string): ModelInfo {
  const { spec, generation } = checkpoint;
  return {
    name,
    family: spec.family,
    parameters: parametersOf(spec),
    contextLength: spec.contextLength,
    layers: spec.L,
    heads: spec.H,
    kvHeads: spec.G,
    headDim: spec.D,
    vocabulary: spec.V,
    dtype: session.variant.dtype,
    weights: checkpoint.packedAs ?? session.forms.quantise ?? session.variant.dtype,
    profile: session.variant.profile,
    adapter,
    weightsBytes: session.memory().weightsBytes,
    sampling: generation.sampling,
    maxNewTokens: generation.maxNewTokens ?? MAX_NEW_TOKENS,
    knowsThinking: checkpoint.tokenizer?.knowsThinking ?? false,
    kv: { ...PAGE, tspLayer: checkpoint.tspLayer },
  };
}

async function readJson(folder: ModelFolder, file: string) {
  const text = await readText(folder, file);
  return text === undefined ? undefined : parseJsonObject(text, file, 'config-invalid');
}

async function readTokenizer(folder: ModelFolder, V: number): Promise<Tokenizer | undefined> {
  const tokenizerJson = await readText(folder, 'tokenizer.json');
  if (tokenizerJson === undefined) return undefined;
  const tokenizerConfig = readTokenizerConfig(await readText(folder, 'tokenizer_config.json'));
  const [chatTemplateJinja, specialTokensMapJson] = await Promise.all([
    readText(folder, 'chat_template.jinja'),
    readsTokensMap(tokenizerConfig) ? readText(folder, 'special_tokens_map.json') : undefined,
  ]);
  return loadTokenizer({ tokenizerJson, tokenizerConfig, specialTokensMapJson, chatTemplateJinja, V });
}
