import { readPlain, type Family } from './family';

/** Four multipliers, fixed before training, on embedding, attention scores, residual branches and logits. */
export const granite: Family = {
  name: 'granite',
  architecture: 'Granite',
  read(fields) {
    const bias = fields.flag('attention_bias', false);
    return {
      ...readPlain(fields, { contextLength: 2048 }),
      embeddingScale: fields.positive('embedding_multiplier', 1),
      attentionScale: fields.positive('attention_multiplier', 1),
      residualScale: fields.positive('residual_multiplier', 1),
      logitsScale: 1 / fields.positive('logits_scaling', 1),
      qkvBias: bias,
      oBias: bias,
      mlpBias: fields.flag('mlp_bias', false),
    };
  },
};
