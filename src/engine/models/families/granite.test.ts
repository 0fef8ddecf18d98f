import { describe, expect, it } from 'vitest';
import { readConfig } from '../config';

const GRANITE = {
  architectures: ['GraniteForCausalLM'],
  model_type: 'granite',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 2,
  num_attention_heads: 32,
  vocab_size: 49_155,
};

describe('granite', () => {
  it('takes its four multipliers, the last as a divisor', () => {
    // Of granite-3.3-2b-instruct.
    const published = {
      ...{ attention_multiplier: 0.015625, embedding_multiplier: 12, residual_multiplier: 0.22 },
      ...{ logits_scaling: 8, num_key_value_heads: 8, rope_theta: 10_000_000, tie_word_embeddings: true },
    };
    expect(readConfig({ ...GRANITE, ...published })).toMatchObject({
      ...{ G: 8, D: 64, attentionScale: 1 / 64, embeddingScale: 12, residualScale: 0.22 },
      ...{ logitsScale: 1 / 8, tied: true, norms: 'pre', qkNorm: 'none' },
    });
  });

  it('has the defaults of transformers: multipliers of 1, for the scores too', () => {
    expect(readConfig(GRANITE)).toMatchObject({
      ...{ G: 32, contextLength: 2048, rmsNormEps: 1e-6, qkvBias: false, oBias: false, mlpBias: false },
      ...{ attentionScale: 1, embeddingScale: 1, residualScale: 1, logitsScale: 1, tied: false },
    });
  });

  it('has biases where its flags say so', () => {
    const biases = { attention_bias: true, mlp_bias: true };
    expect(readConfig({ ...GRANITE, ...biases })).toMatchObject({
      qkvBias: true,
      oBias: true,
      mlpBias: true,
    });
  });

  it.each(['attention_multiplier', 'embedding_multiplier', 'residual_multiplier', 'logits_scaling'])(
    'refuses %s that is not above 0, naming it',
    (name) => {
      for (const value of [0, -1, '12']) {
        expect(() => readConfig({ ...GRANITE, [name]: value })).toThrow(
          expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(name) }),
        );
      }
    },
  );

  it('is no hybrid of another class', () => {
    const hybrid = { architectures: ['GraniteMoeHybridForCausalLM'], model_type: 'granitemoehybrid' };
    expect(() => readConfig({ ...GRANITE, ...hybrid })).toThrow(
      expect.objectContaining({
        code: 'family-unsupported',
        message: expect.stringContaining('granitemoehybrid'),
      }),
    );
  });
});
