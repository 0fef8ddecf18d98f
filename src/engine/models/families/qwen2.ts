import type { Fields } from '../fields';
import { readPlain, type Described, type Family } from './family';

/** Biases on queries, keys and values, fixed in its code. */
export const qwen2: Family = {
  name: 'qwen2',
  architecture: 'Qwen2',
  read(fields) {
    const plain = readPlain(fields, { kvHeads: 32, contextLength: 32_768 });
    return { ...withinWindow(fields, plain), qkvBias: true };
  },
};

/** A sliding window, where a layer has it, bounds the context: up to its length attention is full. */
export function withinWindow(fields: Fields, plain: Described): Described {
  if (fields.isNull('sliding_window') || !fields.flag('use_sliding_window', false)) return plain;
  const window = fields.count('sliding_window', 4096);
  const layerTypes = fields.texts('layer_types');
  const slides = fields.has('layer_types')
    ? layerTypes.includes('sliding_attention')
    : fields.whole('max_window_layers', 28) < plain.L;
  return { ...plain, contextLength: Math.min(plain.contextLength, slides ? window : Infinity) };
}
