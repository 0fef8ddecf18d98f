import type { Fields } from '../fields';
import { readLayerTypes, readPlain, withWindow, type Family } from './family';

/** Some layers without RoPE, every fourth by default. Those slide, if a flag switches that on and layer_types is not there. */
export const smollm3: Family = {
  name: 'smollm3',
  architecture: 'SmolLM3',
  read(fields) {
    const plain = readPlain(fields, {
      ...{ kvHeads: 4, contextLength: 32_768, tied: true, rope: { theta: 2_000_000 } },
    });
    const turns = turningLayers(fields, plain.L);
    const bias = fields.flag('attention_bias', false);
    const isOn = fields.flag('use_sliding_window', false) && fields.has('sliding_window');
    const slides = readLayerTypes(fields, plain.L) ?? ((l: number) => !turns[l]);
    const slid = isOn ? withWindow(plain, fields.count('sliding_window'), slides) : plain;
    return {
      ...slid,
      layers: slid.layers.map((layer, l) => (turns[l] ? layer : { ...layer, rope: undefined })),
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
