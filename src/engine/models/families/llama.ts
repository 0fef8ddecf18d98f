import { readPlain, type Family } from './family';

export const llama: Family = {
  name: 'llama',
  architecture: 'Llama',
  read(fields) {
    const bias = fields.flag('attention_bias', false);
    return {
      ...readPlain(fields, { contextLength: 2048 }),
      qkvBias: bias,
      oBias: bias,
      mlpBias: fields.flag('mlp_bias', false),
    };
  },
};
