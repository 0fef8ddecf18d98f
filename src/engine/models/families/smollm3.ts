import type { Fields } from '../fields';
import { readPlain, type Family } from './family';

/** Some layers without RoPE, every fourth by default. Layers with a sliding window bound the context, as Qwen's. */
export const smollm3: Family = {
  name: 'smollm3',
  architecture: 'SmolLM3',
  read(fields) {
    const plain = readPlain(fields, {
      ...{ kvHeads: 4, contextLength: 32_768, tied: true, rope: { theta: 2_000_000 } },
    });
    const turns = turningLayers(fields, plain.L);
    const bias = fields.flag('attention_bias', false);
    return {
      ...plain,
      contextLength: Math.min(plain.contextLength, slidingWindow(fields, turns)),
      layers: plain.layers.map((layer, l) => (turns[l] ? layer : { ...layer, rope: undefined })),
      qkvBias: bias,
      oBias: bias,
      mlpBias: fields.flag('mlp_bias', false),
    };
  },
};

/** Which layers have RoPE: no_rope_layers says 1 of those, in spite of its name. [L] */
function turningLayers(fields: Fields, L: number): readonly boolean[] {
  if (!fields.has('no_rope_layers')) {
    const interval = fields.count('no_rope_layer_interval', 4);
    return Array.from({ length: L }, (_, l) => (l + 1) % interval !== 0);
  }
  const listed = fields.numbers('no_rope_layers');
  if (listed.length < L) throw fields.wrong('no_rope_layers', `a number for each of ${L} layers`);
  return listed.slice(0, L).map((turns) => turns !== 0);
}

/** Tokens that the layers with a window see, those without RoPE unless layer_types says otherwise; Infinity without one. */
function slidingWindow(fields: Fields, turns: readonly boolean[]): number {
  if (!fields.flag('use_sliding_window', false) || !fields.has('sliding_window')) return Infinity;
  const slides = fields.has('layer_types')
    ? fields.texts('layer_types').includes('sliding_attention')
    : turns.includes(false);
  return slides ? fields.count('sliding_window') : Infinity;
}
