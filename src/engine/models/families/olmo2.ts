import { readPlain, type Family } from './family';

/** Norms behind attention and MLP instead of before them; queries and keys are normed over all heads at once. */
export const olmo2: Family = {
  name: 'olmo2',
  architecture: 'Olmo2',
  read(fields) {
    const bias = fields.flag('attention_bias', false);
    return {
      ...readPlain(fields, { contextLength: 2048 }),
      rmsNormEps: fields.positive('rms_norm_eps', 1e-5),
      norms: 'post',
      qkNorm: 'all',
      qkvBias: bias,
      oBias: bias,
    };
  },
};
