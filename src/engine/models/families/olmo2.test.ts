import { describe, expect, it } from 'vitest';
import { readConfig } from '../config';
import { expectedTensors } from '../tensors';

const OLMO2 = {
  architectures: ['Olmo2ForCausalLM'],
  model_type: 'olmo2',
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 100,
};

describe('olmo2', () => {
  it('has the defaults of transformers, and norms behind attention and MLP', () => {
    expect(readConfig(OLMO2)).toMatchObject({
      ...{ G: 2, D: 16, contextLength: 2048, rmsNormEps: 1e-5, tied: false },
      ...{ norms: 'post', qkNorm: 'all', qkvBias: false, oBias: false, mlpBias: false },
    });
    expect(readConfig({ ...OLMO2, attention_bias: true })).toMatchObject({ qkvBias: true, oBias: true });
  });

  it('asks for norms of all heads together, and for none before attention', () => {
    const norms = expectedTensors(readConfig(OLMO2)).filter(({ name }) => name.includes('norm'));
    expect(norms.map(({ name, shape }) => [name.replace('model.layers.0.', ''), ...shape])).toEqual([
      ['self_attn.q_norm.weight', 64],
      ['self_attn.k_norm.weight', 32],
      ['post_attention_layernorm.weight', 64],
      ['post_feedforward_layernorm.weight', 64],
      ['model.norm.weight', 64],
    ]);
  });
});
