import { describe, expect, it } from 'vitest';
import { readConfig } from '../config';
import { expectedTensors, namesIn } from '../tensors';

const SIZES = { hidden_size: 1152, intermediate_size: 6912, num_hidden_layers: 7 };
const GEMMA3 = { model_type: 'gemma3_text', ...SIZES };
const GEMMA2 = { model_type: 'gemma2', ...SIZES };

describe('gemma3', () => {
  it('has the defaults of transformers, where published files leave even sizes out', () => {
    expect(readConfig(GEMMA3)).toMatchObject({
      ...{ H: 8, G: 4, D: 256, V: 262_208, contextLength: 131_072, tied: true, normOffset: 1, norms: 'both' },
      ...{ qkNorm: 'head', attentionScale: 1 / 16, activation: 'gelu_pytorch_tanh' },
      ...{ attentionCap: undefined, logitsCap: undefined },
    });
  });

  it('slides in five layers of six, which are turned by a theta of their own, and scales the others alone', () => {
    const { layers } = readConfig({
      ...{ ...GEMMA3, sliding_window: 512, rope_theta: 5e5, rope_local_base_freq: 3e3 },
      rope_scaling: { rope_type: 'linear', factor: 8 },
    });
    expect(layers.map(({ window }) => window)).toEqual([512, 512, 512, 512, 512, undefined, 512]);
    expect(layers[0]!.rope).toMatchObject({ theta: 3e3, scaling: { type: 'default' } });
    expect(layers[5]!.rope).toMatchObject({ theta: 5e5, scaling: { type: 'linear', factor: 8 } });
    expect(layers[6]!.rope).toBe(layers[0]!.rope);
  });

  it('reads the new spelling, a set of RoPE parameters for each layer type, to the same', () => {
    const old = { rope_theta: 5e5, rope_scaling: { rope_type: 'linear', factor: 8 } };
    const rope_parameters = {
      full_attention: { rope_type: 'linear', factor: 8, rope_theta: 5e5 },
      sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
    };
    expect(readConfig({ ...GEMMA3, rope_parameters })).toEqual(readConfig({ ...GEMMA3, ...old }));
  });

  it('rounds the square root that scales the embedding to the dtype of the weights', () => {
    const scale = (more: object) => readConfig({ ...GEMMA3, hidden_size: 2560, ...more }).embeddingScale;
    expect(scale({})).toBe(50.5);
    expect(scale({ torch_dtype: 'bfloat16' })).toBe(50.5);
    expect(scale({ dtype: 'float16' })).toBe(50.59375);
    expect(scale({ torch_dtype: 'float32' })).toBe(Math.fround(Math.sqrt(2560)));
  });

  it('is the language model of one that also sees, under the names of either time', () => {
    const sees = {
      ...{ architectures: ['Gemma3ForConditionalGeneration'], model_type: 'gemma3', torch_dtype: 'float32' },
      text_config: { ...GEMMA3 },
      vision_config: { hidden_size: 3 },
    };
    expect(readConfig(sees)).toEqual(readConfig({ ...GEMMA3, dtype: 'float32' }));
    const inFile = (own: string) => namesIn(new Map([[own, 0]]))('model.layers.0.mlp.up_proj.weight');
    expect(inFile('language_model.model.embed_tokens.weight')).toBe(
      'language_model.model.layers.0.mlp.up_proj.weight',
    );
    expect(inFile('model.language_model.embed_tokens.weight')).toBe(
      'model.language_model.layers.0.mlp.up_proj.weight',
    );
  });

  it('has four norms a layer, beside those of queries and keys', () => {
    const norms = expectedTensors(readConfig(GEMMA3)).filter(({ name }) => /layers\.0\..*norm/.test(name));
    expect(norms.map(({ name, shape }) => [name.split('.').at(-2), ...shape])).toEqual([
      ['input_layernorm', 1152],
      ['q_norm', 256],
      ['k_norm', 256],
      ['post_attention_layernorm', 1152],
      ['pre_feedforward_layernorm', 1152],
      ['post_feedforward_layernorm', 1152],
    ]);
  });

  it('refuses one that does not write', () => {
    expect(() => readConfig({ ...GEMMA3, use_bidirectional_attention: true })).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining('bidirectional') }),
    );
  });
});

describe('gemma2', () => {
  it('caps scores and logits, unless a null says otherwise, and slides in every second layer from the first', () => {
    const spec = readConfig(GEMMA2);
    expect(spec).toMatchObject({
      ...{ V: 256_000, contextLength: 8192, attentionCap: 50, logitsCap: 30, qkNorm: 'none', norms: 'both' },
    });
    expect(spec.layers.map(({ window }) => window ?? 0)).toEqual([4096, 0, 4096, 0, 4096, 0, 4096]);
    const none = { attn_logit_softcapping: null, final_logit_softcapping: null, sliding_window: null };
    expect(readConfig({ ...GEMMA2, ...none })).toMatchObject({
      attentionCap: undefined,
      logitsCap: undefined,
    });
    expect(readConfig({ ...GEMMA2, ...none }).layers[0]!.window).toBeUndefined();
  });
});
