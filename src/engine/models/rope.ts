import type { LayerSpec, RopeSpec } from './spec';

/** Each of a model's RoPEs once, in the order of the layers. */
export const ropesOf = ({ layers }: { readonly layers: readonly LayerSpec[] }): readonly RopeSpec[] => [
  ...new Set(layers.flatMap(({ rope }) => rope ?? [])),
];

/**
 * Angle per position of each of the pairs of turned dims, stretched as the checkpoint says. [dims/2]
 * Source: `_compute_*_parameters` of transformers' modeling_rope_utils; llama3 smooths between "as trained" for short
 * wavelengths and "linear" for long ones.
 */
export function inverseFrequencies({ theta, scaling, dims }: RopeSpec): Float64Array {
  const plain = Float64Array.from({ length: dims / 2 }, (_, i) => theta ** ((-2 * i) / dims));
  switch (scaling.type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((f) => f / scaling.factor);
    case 'llama3': {
      const { factor, low_freq_factor: low, high_freq_factor: high } = scaling;
      const context = scaling.original_max_position_embeddings;
      return plain.map((f) => {
        const turns = (context * f) / (2 * Math.PI); // full turns within the context it was trained on
        if (turns < low) return f / factor;
        if (turns > high) return f;
        const smooth = (turns - low) / (high - low);
        return ((1 - smooth) * f) / factor + smooth * f;
      });
    }
  }
  return scaling satisfies never;
}
