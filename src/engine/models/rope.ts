import type { ModelSpec } from './spec';

/**
 * Angle per position of each of the D/2 pairs, stretched as the checkpoint says. [D/2]
 * Source: `_compute_*_parameters` of transformers' modeling_rope_utils; llama3 smooths between "as trained" for short
 * wavelengths and "linear" for long ones.
 */
export function inverseFrequencies({
  D,
  ropeTheta,
  ropeScaling,
}: Pick<ModelSpec, 'D' | 'ropeTheta' | 'ropeScaling'>): Float64Array {
  const plain = Float64Array.from({ length: D / 2 }, (_, i) => ropeTheta ** ((-2 * i) / D));
  switch (ropeScaling.type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((f) => f / ropeScaling.factor);
    case 'llama3': {
      const { factor, low_freq_factor: low, high_freq_factor: high } = ropeScaling;
      const context = ropeScaling.original_max_position_embeddings;
      return plain.map((f) => {
        const turns = (context * f) / (2 * Math.PI); // full turns within the context it was trained on
        if (turns < low) return f / factor;
        if (turns > high) return f;
        const smooth = (turns - low) / (high - low);
        return ((1 - smooth) * f) / factor + smooth * f;
      });
    }
  }
  return ropeScaling satisfies never;
}
