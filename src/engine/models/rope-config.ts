import type { Fields } from './fields';
import type { RopeScaling, RopeSpec } from './spec';

/** What a family has otherwise than most. */
export interface RopeFamily {
  /** rope_theta where the config has none; default 10,000. */
  readonly theta?: number;
  /** Reads partial_rotary_factor. Others are turned whole, and refuse it. */
  readonly partial?: boolean;
  /** original_max_position_embeddings where it is not beside the group, whatever the group says. */
  readonly originalContext?: number;
  /** Older names of longrope. */
  readonly longropeNames?: readonly string[];
  /** Which of the sets by layer type. Older files have one beside them, for full attention, and the theta of the other. */
  readonly layerType?: 'full_attention' | 'sliding_attention';
  /** How the theta is called beside the group; default rope_theta. */
  readonly thetaName?: string;
}

interface RopeDefaults {
  /** Tokens that positions are made for. */
  readonly contextLength: number;
  /** Dims of a head. */
  readonly D: number;
  readonly family?: RopeFamily | undefined;
}

/**
 * RoPE of all layers. `rope_parameters` is the new spelling of `rope_scaling`, which goes first where both are; the theta may
 * be in either or beside them. Throws `config-invalid`.
 */
export function readRope(config: Fields, { contextLength, D, family = {} }: RopeDefaults): RopeSpec {
  const rope = groupOf(config, family);
  const outside = config.positive(family.thetaName ?? 'rope_theta', family.theta ?? 10_000);
  const theta = rope.positive('rope_theta', outside);
  const dims = turnedDims(rope, config, D, family);
  return { theta, scaling: readScaling(rope, config, { contextLength, dims, family }), dims };
}

function groupOf(config: Fields, { layerType }: RopeFamily): Fields {
  const none = config.sub('rope_parameters', {});
  const scaling = config.group('rope_scaling');
  const rope = scaling && !scaling.empty ? scaling : (config.group('rope_parameters') ?? none);
  // Since transformers 5 each layer type may have parameters of its own, one object a type.
  const nested = rope.groups()[0];
  if (nested === undefined) return layerType === 'sliding_attention' ? none : rope;
  if (!layerType) throw rope.wrong(nested, 'one set of RoPE parameters for all layers');
  return rope.group(layerType) ?? none;
}

function turnedDims(rope: Fields, config: Fields, D: number, { partial }: RopeFamily): number {
  const name = 'partial_rotary_factor';
  const fields = rope.has(name) ? rope : config;
  const share = fields.positive(name, 1);
  if (share === 1) return D;
  if (!partial) throw fields.wrong(name, '1 (RoPE over the whole head)');
  const dims = Math.floor(D * share);
  if (dims > D || dims % 4 !== 0) throw fields.wrong(name, `a multiple of 4 of the ${D} dims of a head`);
  return dims;
}

/** YaRN is made to reach further than it was trained; published configs say so or leave it at what it was trained for. */
export function reachOf({ scaling }: RopeSpec, contextLength: number): number {
  if (scaling.type !== 'yarn') return contextLength;
  return Math.max(contextLength, Math.floor(scaling.factor * scaling.original_max_position_embeddings));
}

interface ScalingDefaults {
  readonly contextLength: number;
  /** Dims that are turned. */
  readonly dims: number;
  readonly family: RopeFamily;
}

/** `config` is asked for what older files have beside the group. */
function readScaling(rope: Fields, config: Fields, defaults: ScalingDefaults): RopeScaling {
  const { contextLength, family } = defaults;
  const named = rope.text('rope_type', rope.text('type', 'default'));
  const type = family.longropeNames?.includes(named) ? 'longrope' : named;
  const original = () => {
    const name = 'original_max_position_embeddings';
    return config.count(name, family.originalContext ?? rope.count(name, contextLength));
  };
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
      const factor = rope.positive('factor');
      return {
        ...{ type, factor, low_freq_factor, high_freq_factor },
        original_max_position_embeddings: original(),
      };
    }
    case 'yarn':
      return readYarn(rope, original(), contextLength);
    case 'longrope':
      return readLongrope(rope, original(), defaults);
    default: {
      const known = '"default", "linear", "llama3", "yarn" or "longrope"';
      throw rope.wrong(rope.has('rope_type') ? 'rope_type' : 'type', known);
    }
  }
}

function readYarn(rope: Fields, original: number, contextLength: number): RopeScaling {
  const factor = rope.positive('factor', contextLength / original);
  // The paper's temperature of attention, as a factor of q and k each.
  const temperature = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  const mscale = rope.between('mscale', 0, Infinity, 0);
  const all = rope.between('mscale_all_dim', 0, Infinity, 0);
  const usual = mscale > 0 && all > 0 ? temperature(mscale) / temperature(all) : temperature(1);
  return {
    type: 'yarn',
    factor,
    beta_fast: rope.between('beta_fast', 0, Infinity, 32) || 32,
    beta_slow: rope.between('beta_slow', 0, Infinity, 1) || 1,
    truncate: rope.flag('truncate', true),
    attention_factor: rope.positive('attention_factor', usual),
    original_max_position_embeddings: original,
  };
}

function readLongrope(rope: Fields, original: number, { contextLength, dims }: ScalingDefaults): RopeScaling {
  const factor = rope.positive('factor', contextLength / original);
  const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const factors = (name: string) => {
    const list = rope.numbers(name, dims / 2);
    if (list.some((each) => each <= 0)) throw rope.wrong(name, 'a list of positive numbers');
    return list;
  };
  return {
    type: 'longrope',
    short_factor: factors('short_factor'),
    long_factor: factors('long_factor'),
    attention_factor: rope.positive('attention_factor', usual),
    original_max_position_embeddings: original,
  };
}
