/**
 * config.json -> ModelSpec. Fields that decide the shape of the model must be there; all others default to what the
 * family's config class has in transformers 5 (models/<family>/configuration_<family>.py), for old and new spellings.
 */
import { EngineError } from '../errors';
import { isObject, shown, type JsonObject } from '../json';
import { Fields, configInvalid } from './fields';
import { readQuantisation } from './mlx';
import { HEAD_DIMS, type ModelSpec, type RopeScaling } from './spec';

type Family = ModelSpec['family'];

interface FamilyDefaults {
  readonly architecture: string;
  /** num_key_value_heads; undefined: as many as query heads. */
  readonly kvHeads: number | undefined;
  /** head_dim; undefined: hidden_size / num_attention_heads. */
  readonly headDim: number | undefined;
  readonly contextLength: number;
}

const FAMILIES: Readonly<Record<Family, FamilyDefaults>> = {
  llama: { architecture: 'Llama', kvHeads: undefined, headDim: undefined, contextLength: 2048 },
  mistral: { architecture: 'Mistral', kvHeads: 8, headDim: undefined, contextLength: 131_072 },
  qwen2: { architecture: 'Qwen2', kvHeads: 32, headDim: undefined, contextLength: 32_768 },
  qwen3: { architecture: 'Qwen3', kvHeads: 32, headDim: 128, contextLength: 32_768 },
};
const SUPPORTED = Object.entries(FAMILIES)
  .map(([family, { architecture }]) => `${family} (${architecture}ForCausalLM)`)
  .join(', ');

/** Rejects with `family-unsupported`, `dtype-unsupported` or `config-invalid`, naming what was found and what is needed. */
export function readConfig(json: unknown): ModelSpec {
  if (!isObject(json)) throw configInvalid('config.json', `holds ${shown(json)}`, 'a JSON object is needed');
  const family = readFamily(json);
  readQuantisation(json); // refuses what is not read here

  const defaults = FAMILIES[family];
  const fields = new Fields(json, 'config.json');
  const L = fields.count('num_hidden_layers');
  const H = fields.count('num_attention_heads');
  const C = fields.count('hidden_size');
  // An explicit null means "as many as query heads" in every family.
  const G =
    json.num_key_value_heads === null ? H : fields.count('num_key_value_heads', defaults.kvHeads ?? H);
  const positions = fields.count('max_position_embeddings', defaults.contextLength);
  // Only Llama and Qwen3 read attention_bias; Qwen2 and Mistral are fixed in their model code.
  const attentionBias = (family === 'llama' || family === 'qwen3') && fields.flag('attention_bias', false);

  const spec: ModelSpec = {
    family,
    L,
    H,
    G,
    D: fields.count('head_dim', defaults.headDim ?? C / H),
    C,
    F: fields.count('intermediate_size'),
    V: fields.count('vocab_size'),
    rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
    ...readRope(fields, positions),
    contextLength: Math.min(positions, slidingWindow(fields, family, L)),
    tied: fields.flag('tie_word_embeddings', false),
    qkvBias: family === 'qwen2' || attentionBias,
    oBias: attentionBias,
    mlpBias: family === 'llama' && fields.flag('mlp_bias', false),
    qkNorm: family === 'qwen3',
  };
  checkLimits(spec, fields.text('hidden_act', 'silu'));
  return spec;
}

function readFamily(json: JsonObject): Family {
  const fields = new Fields(json, 'config.json');
  const listed = fields.texts('architectures');
  // Old exports have no model_type; the class name says as much.
  const byClass = Object.keys(FAMILIES).find((family) =>
    listed.some((name) => isClassOf(family as Family, name)),
  );
  const family = fields.text('model_type', byClass ?? '');
  if (!isFamily(family)) {
    const found = family || listed.join(', ') || 'no model_type';
    throw familyUnsupported(`This model is of the family "${found}"`);
  }
  if (listed.length > 0 && !listed.some((name) => isClassOf(family, name))) {
    throw familyUnsupported(`This model is of the family "${family}" but of the class ${listed.join(', ')}`);
  }
  const experts = ['num_local_experts', 'num_experts', 'n_routed_experts'].find((name) => json[name] != null);
  if (experts) {
    throw familyUnsupported(
      `This ${family} model is a mixture of experts (${experts} ${shown(json[experts])})`,
    );
  }
  return family;
}

const isFamily = (name: string): name is Family => Object.hasOwn(FAMILIES, name);

/** The bare model class too: a checkpoint saved from it has the same tensors under shorter names. */
const isClassOf = (family: Family, name: string): boolean =>
  [`${FAMILIES[family].architecture}ForCausalLM`, `${FAMILIES[family].architecture}Model`].includes(name);

function familyUnsupported(found: string): EngineError {
  return new EngineError(
    'family-unsupported',
    `${found}. Supported are ${SUPPORTED}. Choose a model of one of these families.`,
  );
}

/** `rope_parameters` is the new spelling of `rope_scaling`, which goes first where both are; the theta may be in either. */
function readRope(config: Fields, positions: number): Pick<ModelSpec, 'ropeTheta' | 'ropeScaling'> {
  const scaling = config.group('rope_scaling');
  const rope =
    scaling && !scaling.empty
      ? scaling
      : (config.group('rope_parameters') ?? config.sub('rope_parameters', {}));
  // Since transformers 5 each layer type may have parameters of its own, one object a type.
  const nested = rope.groups()[0];
  if (nested !== undefined) throw rope.wrong(nested, 'one set of RoPE parameters for all layers');
  const ropeTheta = rope.positive('rope_theta', config.positive('rope_theta', 10_000));
  for (const fields of [rope, config]) {
    const share = fields.positive('partial_rotary_factor', 1);
    if (share !== 1) throw fields.wrong('partial_rotary_factor', '1 (RoPE over the whole head)');
  }
  return { ropeTheta, ropeScaling: readScaling(rope, config, positions) };
}

function readScaling(rope: Fields, config: Fields, positions: number): RopeScaling {
  const type = rope.text('rope_type', rope.text('type', 'default'));
  switch (type) {
    case 'default':
      return { type };
    case 'linear':
      return { type, factor: rope.positive('factor') };
    case 'llama3': {
      const low_freq_factor = rope.positive('low_freq_factor');
      const high_freq_factor = rope.positive('high_freq_factor');
      // Their difference divides.
      if (high_freq_factor <= low_freq_factor) {
        throw rope.wrong('high_freq_factor', `more than low_freq_factor (${low_freq_factor})`);
      }
      const original = rope.count('original_max_position_embeddings', positions);
      return {
        type,
        factor: rope.positive('factor'),
        low_freq_factor,
        high_freq_factor,
        original_max_position_embeddings: config.count('original_max_position_embeddings', original),
      };
    }
    default:
      throw rope.wrong(rope.has('rope_type') ? 'rope_type' : 'type', '"default", "linear" or "llama3"');
  }
}

/**
 * Tokens that a sliding window lets a query see, Infinity without one. Up to that many tokens, attention inside the
 * window is full attention, so the window bounds the context and the engine needs no masked kernel.
 */
function slidingWindow(fields: Fields, family: Family, L: number): number {
  if (family === 'llama') return Infinity;
  // An absent window is the default one; an explicit null is none.
  if (fields.isNull('sliding_window')) return Infinity;
  if (family === 'mistral') return fields.count('sliding_window', 4096);

  if (!fields.flag('use_sliding_window', false)) return Infinity;
  const window = fields.count('sliding_window', 4096);
  const layerTypes = fields.texts('layer_types');
  const slides = fields.has('layer_types')
    ? layerTypes.includes('sliding_attention')
    : fields.whole('max_window_layers', 28) < L;
  return slides ? window : Infinity;
}

function checkLimits(spec: ModelSpec, activation: string): void {
  const { L, H, G, D, C, F, contextLength } = spec;
  const need = (ok: boolean, found: string, needed: string): void => {
    if (!ok) throw configInvalid('config.json', found, needed);
  };
  need(activation === 'silu', `asks for hidden_act ${shown(activation)}`, 'only "silu" is supported');
  need(H % G === 0, `has ${H} attention heads over ${G} key-value heads`, 'the second must divide the first');
  need(
    (HEAD_DIMS as readonly number[]).includes(D),
    `has head_dim ${D}`,
    `the attention kernels are made for ${HEAD_DIMS.join(', ')}`,
  );
  // Far beyond any model; what follows makes lists of them.
  need(L <= 1024, `has num_hidden_layers ${L}`, 'at most 1024 are supported');
  need(
    contextLength <= 2 ** 24,
    `has max_position_embeddings ${contextLength}`,
    'at most 16777216 are supported',
  );
  need(C % 8 === 0, `has hidden_size ${C}`, 'a multiple of 8 is needed');
  need(F % 8 === 0, `has intermediate_size ${F}`, 'a multiple of 8 is needed');
}
