import type { ModelInfo, Profile, StorageDtype } from '../protocol';
import { EngineError } from './errors';
import { canRun, chooseProfile, describeAdapter, openDevice } from './gpu/device';
import { readConfig } from './models/config';
import { readGenerationConfig, type GenerationDefaults } from './models/generation';
import { checkTensors } from './models/tensors';
import { parseJsonObject } from './json';
import { Session, type SessionOptions } from './session';
import type { TokenId } from './shapes';
import { loadTokenizer, type Tokenizer } from './tokenizer/tokenizer';
import { loadWeights } from './weights/load';
import { openSafetensors } from './weights/safetensors';
import type { ModelFolder } from './weights/source';
import { readText, requireFile } from './weights/sources';

/** Longest answer where neither the checkpoint nor the caller sets a limit. */
const MAX_NEW_TOKENS = 1024;

export interface LoadOptions extends Partial<Omit<SessionOptions, 'dtype' | 'profile'>> {
  /** For people; the folder's own where left out. */
  readonly name?: string;
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
}

/**
 * Opens a folder with config.json, model.safetensors and, if there is text to be read, tokenizer.json. The checkpoint
 * is checked whole before the device allocates anything. Rejects with any EngineErrorCode about files and devices.
 */
export async function loadModel(
  adapter: GPUAdapter,
  folder: ModelFolder,
  options: LoadOptions = {},
): Promise<LoadedModel> {
  const { onStep } = options;
  onStep?.('config', 0, 0);
  const config = await requireFile(folder, 'config.json', readJson(folder, 'config.json'));
  const spec = readConfig(config);
  const generation = readGenerationConfig(await readJson(folder, 'generation_config.json'), config);
  const tokenizer = await readTokenizer(folder, spec.V);
  const file = await openSafetensors(
    await requireFile(folder, 'model.safetensors', folder.open('model.safetensors')),
  );
  const entries = checkTensors(spec, file.tensors);

  onStep?.('adapter', 0, 0);
  const profile = options.profile ?? chooseProfile(adapter);
  if (!canRun(profile, adapter.features)) {
    throw new EngineError(
      'adapter-limits',
      `Profile ${profile} needs shader-f16 and subgroups, which this adapter (${describeAdapter(adapter)}) lacks. ` +
        'Use profile portable.',
    );
  }
  const device = await openDevice(adapter);
  const dtype = options.dtype ?? 'f16';
  let session: Session | undefined;
  try {
    session = await Session.create(device, spec, { ...options, dtype, profile });
    onStep?.('weights', 0, file.source.size);
    await loadWeights({
      source: file.source,
      entries,
      session,
      onProgress: (loaded, total) => onStep?.('weights', loaded, total),
    });
    onStep?.('compiling', 0, 0);
    await session.warmUp();
  } catch (thrown) {
    session?.destroy();
    device.destroy();
    throw thrown;
  }
  const stopIds = new Set(
    generation.eosIds.length > 0
      ? generation.eosIds
      : tokenizer?.eosId !== undefined
        ? [tokenizer.eosId]
        : [],
  );
  const info: ModelInfo = {
    name: options.name ?? folder.name,
    family: spec.family,
    parameters: [...entries.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    contextLength: spec.contextLength,
    layers: spec.L,
    heads: spec.H,
    kvHeads: spec.G,
    headDim: spec.D,
    vocabulary: spec.V,
    dtype,
    profile,
    adapter: describeAdapter(adapter),
    weightsBytes: session.memory().weightsBytes,
    sampling: generation.sampling,
    maxNewTokens: generation.maxNewTokens ?? MAX_NEW_TOKENS,
  };
  return { device, session, tokenizer, generation, stopIds, info };
}

async function readJson(folder: ModelFolder, file: string) {
  const text = await readText(folder, file);
  return text === undefined ? undefined : parseJsonObject(text, file, 'config-invalid');
}

async function readTokenizer(folder: ModelFolder, V: number): Promise<Tokenizer | undefined> {
  const tokenizerJson = await readText(folder, 'tokenizer.json');
  if (tokenizerJson === undefined) return undefined;
  const tokenizerConfigJson = await readText(folder, 'tokenizer_config.json');
  const chatTemplateJinja = await readText(folder, 'chat_template.jinja');
  return loadTokenizer({ tokenizerJson, tokenizerConfigJson, chatTemplateJinja, V });
}
