import { PLAIN } from './families/family';
import type { ModelSpec } from './spec';

/** A plain Llama of these sizes; anything else may be said too. */
export function llamaSpec(
  sizes: Pick<ModelSpec, 'L' | 'H' | 'G' | 'D' | 'C' | 'F' | 'V'> & Partial<ModelSpec>,
): ModelSpec {
  const { L, D } = sizes;
  const layer = {
    rope: { theta: 10_000, scaling: { type: 'default' }, dims: D },
    window: undefined,
  } as const;
  return {
    family: 'llama',
    layers: new Array<ModelSpec['layers'][number]>(L).fill(layer),
    rmsNormEps: 1e-6,
    ...PLAIN,
    attentionScale: 1 / Math.sqrt(D),
    activation: 'silu',
    contextLength: 2048,
    tied: false,
    ...sizes,
  };
}
