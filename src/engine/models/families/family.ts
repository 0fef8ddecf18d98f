import type { Fields } from '../fields';
import { reachOf, readRope, type RopeFamily } from '../rope-config';
import type { FamilyName, LayerSpec, ModelSpec } from '../spec';

/** What a model_type means. One file a family; it says how the family differs from a plain Llama. */
export interface Family {
  /** `model_type` of config.json. */
  readonly name: FamilyName;
  /** Its class is called this and `ForCausalLM`, or `Model` without the head. */
  readonly architecture: string;
  /** Throws `config-invalid`. */
  read(fields: Fields): Described;
}

/** All but the name, which is the family's own. */
export type Described = Omit<ModelSpec, 'family'>;

/** What a config leaves out is what the family's config class in transformers 5 has (configuration_<family>.py). */
export interface Defaults {
  /** num_key_value_heads; undefined: as many as query heads. */
  readonly kvHeads?: number;
  /** head_dim; undefined: hidden_size / num_attention_heads. */
  readonly headDim?: number;
  readonly rope?: RopeFamily;
  /** tie_word_embeddings; default false. */
  readonly tied?: boolean;
  readonly contextLength: number;
  /** num_attention_heads and vocab_size, where published files leave them out. */
  readonly heads?: number;
  readonly vocabulary?: number;
}

/** What a plain Llama does not have. */
export const PLAIN = {
  normOffset: 0,
  norms: 'pre',
  qkNorm: 'none',
  attentionCap: undefined,
  logitsCap: undefined,
  embeddingScale: 1,
  residualScale: 1,
  logitsScale: 1,
  fused: false,
  qkvBias: false,
  oBias: false,
  mlpBias: false,
} as const satisfies Partial<ModelSpec>;

/** A plain Llama, as far as config.json says so with the fields that all families share. No biases. */
export function readPlain(fields: Fields, defaults: Defaults): Described {
  const L = fields.count('num_hidden_layers');
  // Far beyond any model; what follows makes lists of it.
  if (L > 1024) throw fields.wrong('num_hidden_layers', 'a number of at most 1024');
  const H = fields.count('num_attention_heads', defaults.heads);
  const C = fields.count('hidden_size');
  // An explicit null means "as many as query heads" in every family.
  const G = fields.isNull('num_key_value_heads')
    ? H
    : fields.count('num_key_value_heads', defaults.kvHeads ?? H);
  const D = fields.count('head_dim', defaults.headDim ?? C / H);
  const contextLength = fields.count('max_position_embeddings', defaults.contextLength);
  const rope = readRope(fields, { contextLength, D, family: defaults.rope });
  return {
    ...{ L, H, G, D, C, contextLength: reachOf(rope, contextLength) },
    F: fields.count('intermediate_size'),
    V: fields.count('vocab_size', defaults.vocabulary),
    layers: new Array<LayerSpec>(L).fill({ rope, window: undefined }),
    rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
    ...PLAIN,
    attentionScale: 1 / Math.sqrt(D),
    activation: readActivation(fields, 'hidden_act'),
    tied: fields.flag('tie_word_embeddings', defaults.tied ?? false),
  };
}

/** Layers that slide, where a window is shorter than what positions are made for. */
export function withWindow(plain: Described, window: number, slides: (l: number) => boolean): Described {
  if (window >= plain.contextLength) return plain;
  const layers = plain.layers.map((layer, l) => (slides(l) ? { ...layer, window } : layer));
  return { ...plain, layers };
}

/** Which layers slide as `layer_types` says it; undefined where it is not there. */
export function readLayerTypes(fields: Fields, L: number): ((l: number) => boolean) | undefined {
  if (!fields.has('layer_types')) return undefined;
  const types = fields.texts('layer_types');
  const known = types.every((type) => type === 'full_attention' || type === 'sliding_attention');
  if (!known || types.length < L) {
    throw fields.wrong('layer_types', `"full_attention" or "sliding_attention" for each of ${L} layers`);
  }
  return (l) => types[l] === 'sliding_attention';
}

export function readActivation(
  fields: Fields,
  name: string,
  fallback: ModelSpec['activation'] = 'silu',
): ModelSpec['activation'] {
  const found = fields.text(name, fallback);
  if (found === 'silu' || found === 'gelu_pytorch_tanh') return found;
  throw fields.wrong(name, '"silu" or "gelu_pytorch_tanh"');
}
