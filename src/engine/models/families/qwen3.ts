import { readPlain, type Family } from './family';
import { withinWindow } from './qwen2';

/** RMSNorm of each query and key head. */
export const qwen3: Family = {
  name: 'qwen3',
  architecture: 'Qwen3',
  read(fields) {
    const plain = readPlain(fields, { kvHeads: 32, headDim: 128, contextLength: 32_768 });
    const bias = fields.flag('attention_bias', false);
    return { ...withinWindow(fields, plain), qkvBias: bias, oBias: bias, qkNorm: 'head' };
  },
};
