import type { Fields } from './fields';
import type { RopeScaling, RopeSpec } from './spec';

interface RopeDefaults {
  /** Tokens that positions are made for. */
  readonly contextLength: number;
  /** Dims of a head. */
  readonly D: number;
}

/**
 * RoPE of all layers. `rope_parameters` is the new spelling of `rope_scaling`, which goes first where both are; the theta may
 * be in either or beside them. Throws `config-invalid`.
 */
export function readRope(config: Fields, { contextLength, D }: RopeDefaults): RopeSpec {
  const scaling = config.group('rope_scaling');
  const rope =
    scaling && !scaling.empty
      ? scaling
      : (config.group('rope_parameters') ?? config.sub('rope_parameters', {}));
  // Since transformers 5 each layer type may have parameters of its own, one object a type.
  const nested = rope.groups()[0];
  if (nested !== undefined) throw rope.wrong(nested, 'one set of RoPE parameters for all layers');
  const theta = rope.positive('rope_theta', config.positive('rope_theta', 10_000));
  for (const fields of [rope, config]) {
    const share = fields.positive('partial_rotary_factor', 1);
    if (share !== 1) throw fields.wrong('partial_rotary_factor', '1 (RoPE over the whole head)');
  }
  return { theta, scaling: readScaling(rope, config, contextLength), dims: D };
}

/** `config` is asked for what older files have beside the group. */
export function readScaling(rope: Fields, config: Fields, contextLength: number): RopeScaling {
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
      const original = rope.count('original_max_position_embeddings', contextLength);
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
