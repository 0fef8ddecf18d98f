/** Memory plans for models that are loaded, and for those of which nothing but the description is at hand. */
import type { KvSettings, MemoryPlan, ModelPlan, PlanRequest } from '../protocol';
import { EngineError } from './errors';
import { parseJsonObject, type JsonObject } from './json';
import { checkKv } from './kv/check-settings';
import { planMemory, weightsBytes } from './kv/memory-plan';
import { defaultTspLayer, PAGE } from './kv/reading-plan';
import type { LoadedModel } from './load-model';
import { readConfig } from './models/config';
import { packedForm, packedMatrices, readQuantisation, type MlxQuantisation } from './models/mlx';
import type { ModelSpec } from './models/spec';
import { expectedTensors, namesIn, parametersOf } from './models/tensors';
import { formsFor, type Packed, type WeightForms } from './weights/forms';

/** What a plan has to know of a model. */
export interface PlannedFrom {
  readonly spec: ModelSpec;
  /** Matrices that the checkpoint holds quantised, and how most of them are. */
  readonly packed: Packed;
  readonly packedAs: 'q8' | 'q4' | undefined;
  /** Of its tensors in their files. */
  readonly storedBytes: number;
  /** Its own settings, which a request changes. */
  readonly kv: KvSettings;
  /** How it lies where it is loaded; left out: f16. */
  readonly forms?: WeightForms;
}

/** Throws `bad-argument` for lengths and settings that no turn could have. */
export function planModel(model: PlannedFrom, request: Omit<PlanRequest, 'config'>): ModelPlan {
  const { spec, packed, packedAs, storedBytes } = model;
  const { promptTokens, answerTokens, dtype } = request;
  checkLength('promptTokens', promptTokens, 1);
  checkLength('answerTokens', answerTokens, 0);
  const kv = { ...model.kv, ...request.kv };
  checkKv(kv, spec.L);
  const forms = dtype ? { ...formsFor(dtype), packed } : (model.forms ?? { dtype: 'f16', packed });
  const memory: MemoryPlan = planMemory(spec, kv, {
    ...forms,
    N: promptTokens,
    answer: answerTokens,
    storedBytes,
  });
  return {
    ...memory,
    kv,
    model: {
      family: spec.family,
      parameters: parametersOf(spec),
      contextLength: spec.contextLength,
      weights: packedAs ?? forms.quantise ?? forms.dtype,
      isPacked: packedAs !== undefined,
    },
  };
}

/** From the text of a config.json. Throws what loading would for it. */
export function plannedFromConfig(text: string): PlannedFrom {
  const config = parseJsonObject(text, 'config.json', 'config-invalid');
  const spec = readConfig(config);
  const quantisation = readQuantisation(config);
  const dtype = storedAs(config);
  const packed = packedMatrices(spec, assumedScales(spec, quantisation, dtype), quantisation);
  const packedAs = packedForm(quantisation, packed);
  const storedBytes = storedBytesOf(spec, packed, dtype);
  return { spec, packed, packedAs, storedBytes, kv: { ...PAGE, tspLayer: defaultTspLayer(spec.layers) } };
}

export function plannedFromLoaded({ session, info, storedBytes }: LoadedModel): PlannedFrom {
  const { spec, forms } = session;
  const packed = forms.packed ?? new Map<string, never>();
  const packedAs = packed.size > 0 ? (info.weights as 'q8' | 'q4') : undefined;
  return { spec, packed, packedAs, storedBytes, kv: info.kv, forms };
}

/** About what the tensors take in their files; groups lie there as on the GPU. */
const storedBytesOf = (spec: ModelSpec, packed: Packed, dtype: 'BF16' | 'F16' | 'F32'): number =>
  packed.size > 0
    ? weightsBytes(spec, { dtype: 'f16', packed })
    : parametersOf(spec) * (dtype === 'F32' ? 4 : 2);

function checkLength(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return;
  throw new EngineError('bad-argument', `${name} is ${value}; a whole number of ${least} or more is needed.`);
}

/** How names in a file begin, and how then that of the embedding does. */
const PREFIXES: readonly (readonly [start: string, embedding: string])[] = [
  ['language_model.', 'language_model.model.'],
  ['model.language_model.', 'model.language_model.'],
];

/**
 * Which scales a checkpoint by MLX has beside its matrices, without its files: MLX packs every matrix whose rows are whole
 * groups, embedding and head too, but for those that config.json takes out.
 */
function assumedScales(spec: ModelSpec, quantisation: MlxQuantisation | undefined, dtype: string) {
  const scales = new Map<string, { dtype: string; shape: readonly number[] }>();
  const modules = [...(quantisation?.overrides.keys() ?? [])];
  const prefix = PREFIXES.find(([start]) => modules.some((module) => module.startsWith(start)))?.[1];
  // What the loader tells by the embedding's name, config.json tells by the names of what it takes out.
  scales.set(`${prefix ?? 'model.'}embed_tokens.weight`, { dtype: 'U32', shape: [] });
  const nameInFile = namesIn(scales);
  for (const { name, shape } of quantisation ? expectedTensors(spec) : []) {
    const [N, K] = shape as [number, number | undefined];
    const module = name.replace(/\.weight$/, '');
    const { group } = quantisation!.overrides.get(nameInFile(module)) ?? quantisation!;
    if (K === undefined || K % group !== 0) continue;
    scales.set(nameInFile(`${module}.scales`), { dtype, shape: [N, K / group] });
  }
  return scales;
}

/** What config.json says of how weights are stored, by the names of safetensors. */
function storedAs(config: JsonObject): 'BF16' | 'F16' | 'F32' {
  const named = config['dtype'] ?? config['torch_dtype'];
  return named === 'float32' ? 'F32' : named === 'float16' ? 'F16' : 'BF16';
}
