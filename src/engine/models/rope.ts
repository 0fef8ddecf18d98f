import type { Rope } from '../kernels/rope_append';
import type { LayerSpec, RopeScaling, RopeSpec } from './spec';

/** Each of a model's RoPEs once, in the order of the layers. */
export const ropesOf = ({ layers }: { readonly layers: readonly LayerSpec[] }): readonly RopeSpec[] => [
  ...new Set(layers.flatMap(({ rope }) => rope ?? [])),
];

/**
 * For sequences that may reach `length` tokens, which only longrope asks for.
 * Source: `_compute_*_parameters` of transformers' modeling_rope_utils.
 */
export function ropeFor({ theta, scaling, dims }: RopeSpec, length: number): Rope {
  const plain = Float64Array.from({ length: dims / 2 }, (_, i) => theta ** ((-2 * i) / dims));
  const factor = 'attention_factor' in scaling ? scaling.attention_factor : 1;
  return { invFreq: stretched(plain, theta, scaling, length), factor };
}

/** Whether sequences that may reach `length` tokens are turned otherwise than short ones. */
export const isLong = ({ scaling }: Pick<RopeSpec, 'scaling'>, length: number): boolean =>
  scaling.type === 'longrope' && length > scaling.original_max_position_embeddings;

function stretched(plain: Float64Array, theta: number, scaling: RopeScaling, length: number): Float64Array {
  switch (scaling.type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((f) => f / scaling.factor);
    case 'llama3': {
      // Smooth between "as trained" for short wavelengths and "linear" for long ones.
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
    case 'yarn': {
      // The same, along the pairs' numbers. arXiv:2309.00071
      const [low, high] = yarnRamp(scaling, 2 * plain.length, theta);
      return plain.map((f, i) => {
        const ramp = Math.min(1, Math.max(0, (i - low) / (high - low)));
        return (ramp * f) / scaling.factor + (1 - ramp) * f;
      });
    }
    case 'longrope': {
      // A factor for each pair, found by search. arXiv:2402.13753
      const factors = isLong({ scaling }, length) ? scaling.long_factor : scaling.short_factor;
      return plain.map((f, i) => f / factors[i]!);
    }
  }
  return scaling satisfies never;
}

/** The pair that makes beta_fast turns within the original context, and the one that makes beta_slow. */
function yarnRamp(yarn: Extract<RopeScaling, { type: 'yarn' }>, dims: number, theta: number) {
  const pairThatTurns = (turns: number) =>
    (dims * Math.log(yarn.original_max_position_embeddings / (2 * Math.PI * turns))) / (2 * Math.log(theta));
  const [first, last] = [pairThatTurns(yarn.beta_fast), pairThatTurns(yarn.beta_slow)];
  const low = Math.max(yarn.truncate ? Math.floor(first) : first, 0);
  const high = Math.min(yarn.truncate ? Math.ceil(last) : last, dims - 1);
  return [low, low === high ? high + 0.001 : high] as const;
}
