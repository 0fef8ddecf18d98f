import type { Fields } from '../fields';
import { readLayerTypes, readPlain, withWindow, type Described, type Family } from './family';

/** Biases on queries, keys and values, fixed in its code. */
export const qwen2: Family = {
  name: 'qwen2',
  architecture: 'Qwen2',
  read(fields) {
    const plain = readPlain(fields, { kvHeads: 32, contextLength: 32_768 });
    return { ...withinWindow(fields, plain), qkvBias: true };
  },
};

/** Layers slide, the upper ones unless layer_types says otherwise, only where a flag switches that on. */
export function withinWindow(fields: Fields, plain: Described): Described {
  if (fields.isNull('sliding_window') || !fields.flag('use_sliding_window', false)) return plain;
  const first = fields.whole('max_window_layers', 28);
  const slides = readLayerTypes(fields, plain.L) ?? ((l: number) => l >= first);
  return withWindow(plain, fields.count('sliding_window', 4096), slides);
}
