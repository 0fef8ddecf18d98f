import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config';
import { FIRST_FOLDER } from './fixtures.test-support';
import type { LayerSpec } from './spec';
import { llamaSpec } from './spec.test-support';

const LLAMA = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  vocab_size: 128256,
};
const family = (model_type: string, more: object = {}): object => ({
  ...LLAMA,
  architectures: undefined,
  model_type,
  ...more,
});

/** Of Llama-3.2-1B. */
const LLAMA3_ROPE = {
  factor: 32,
  high_freq_factor: 4,
  low_freq_factor: 1,
  original_max_position_embeddings: 8192,
  rope_type: 'llama3',
};
const { rope_type, ...LLAMA3_FACTORS } = LLAMA3_ROPE;
const LLAMA3_SCALING = { type: rope_type, ...LLAMA3_FACTORS };

const LONGROPE = {
  type: 'longrope',
  short_factor: Array<number>(32).fill(1),
  long_factor: Array<number>(32).fill(2),
};

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('readConfig', () => {
  it('reads the first checkpoint', () => {
    const rope = { theta: 100_000, scaling: { type: 'default' }, dims: 32 } as const;
    expect(readConfig(read(`${FIRST_FOLDER}config.json`))).toEqual(
      llamaSpec({
        ...{ L: 6, H: 4, G: 2, D: 32, C: 128, F: 352, V: 1536, rmsNormEps: 1e-5 },
        layers: new Array<LayerSpec>(6).fill({ rope, window: undefined }),
        ...{ contextLength: 16_384, tied: true },
      }),
    );
  });

  it.each([
    ['llama', { G: 32, D: 64, contextLength: 2048, qkvBias: false, oBias: false, qkNorm: 'none' }],
    ['mistral', { G: 8, D: 64, contextLength: 131_072, qkvBias: false, oBias: false, qkNorm: 'none' }],
    ['qwen2', { G: 32, D: 64, contextLength: 32_768, qkvBias: true, oBias: false, qkNorm: 'none' }],
    ['qwen3', { G: 32, D: 128, contextLength: 32_768, qkvBias: false, oBias: false, qkNorm: 'head' }],
  ])('gives a %s config that names only its sizes the defaults of transformers', (name, defaults) => {
    expect(readConfig(family(name))).toMatchObject({
      family: name,
      ...defaults,
      rmsNormEps: 1e-6,
      tied: false,
      mlpBias: false,
    });
  });

  it('takes an explicit null for the key-value heads as "as many as query heads", in every family', () => {
    for (const name of ['llama', 'mistral', 'qwen2', 'qwen3']) {
      expect(readConfig(family(name, { num_attention_heads: 16, num_key_value_heads: null })).G).toBe(16);
    }
  });

  it('gives a bias only to the projections whose family reads the flag', () => {
    const flags = { attention_bias: true, mlp_bias: true };
    const biases = (name: string) => {
      const { qkvBias, oBias, mlpBias } = readConfig(family(name, flags));
      return [qkvBias, oBias, mlpBias];
    };
    expect(biases('llama')).toEqual([true, true, true]);
    expect(biases('mistral')).toEqual([false, false, false]);
    expect(biases('qwen2')).toEqual([true, false, false]);
    expect(biases('qwen3')).toEqual([true, true, false]);
  });

  it('knows the family by its class where model_type is absent, the bare model class included', () => {
    for (const name of ['Qwen3ForCausalLM', 'Qwen3Model']) {
      expect(readConfig({ ...LLAMA, model_type: undefined, architectures: [name] }).family).toBe('qwen3');
    }
  });

  describe('of rope', () => {
    const rope = (more: object) => {
      const { layers } = readConfig({ ...LLAMA, max_position_embeddings: 131_072, ...more });
      expect(new Set(layers).size).toBe(1);
      return [layers[0]!.rope!.theta, layers[0]!.rope!.scaling];
    };

    it('reads the old and the new spelling to the same', () => {
      const expected = [500_000, LLAMA3_SCALING];
      expect(rope({ rope_theta: 500_000, rope_scaling: LLAMA3_ROPE })).toEqual(expected);
      expect(rope({ rope_theta: 500_000, rope_scaling: { ...LLAMA3_FACTORS, type: 'llama3' } })).toEqual(
        expected,
      );
      expect(rope({ rope_parameters: { ...LLAMA3_ROPE, rope_theta: 500_000 } })).toEqual(expected);
      expect(rope({ rope_theta: 500_000, rope_parameters: LLAMA3_ROPE })).toEqual(expected);
    });

    it('reads linear and default, and prefers rope_scaling unless it is empty or null', () => {
      expect(rope({ rope_scaling: { type: 'linear', factor: 2.5 } })).toEqual([
        10_000,
        { type: 'linear', factor: 2.5 },
      ]);
      const rope_parameters = { rope_type: 'linear', factor: 4, rope_theta: 7 };
      expect(rope({ rope_scaling: { rope_type: 'default' }, rope_parameters })).toEqual([
        10_000,
        { type: 'default' },
      ]);
      expect(rope({ rope_scaling: {}, rope_parameters })).toEqual([7, { type: 'linear', factor: 4 }]);
      expect(rope({ rope_scaling: null, rope_parameters })).toEqual([7, { type: 'linear', factor: 4 }]);
    });

    it('takes the original context of llama3 from the top, else from the group, else the whole context', () => {
      const { original_max_position_embeddings: _, ...rope_scaling } = LLAMA3_ROPE;
      const original = (more: object) => rope(more)[1];
      expect(original({ rope_scaling })).toMatchObject({ original_max_position_embeddings: 131_072 });
      expect(original({ rope_scaling: LLAMA3_ROPE, original_max_position_embeddings: 4096 })).toMatchObject({
        original_max_position_embeddings: 4096,
      });
    });

    it('reads yarn with the defaults of transformers, and lets it reach as far as it is made for', () => {
      const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32_768 };
      expect(rope({ rope_scaling: { ...yarn, beta_fast: null, beta_slow: 0 } })[1]).toEqual({
        ...{ type: 'yarn', factor: 4, beta_fast: 32, beta_slow: 1, truncate: true },
        ...{ attention_factor: 0.1 * Math.log(4) + 1, original_max_position_embeddings: 32_768 },
      });
      const context = (max_position_embeddings: number) =>
        readConfig({ ...LLAMA, max_position_embeddings, rope_scaling: yarn }).contextLength;
      expect([context(32_768), context(131_072), context(200_000)]).toEqual([131_072, 131_072, 200_000]);
      const { factor: _, ...rest } = yarn;
      expect(rope({ rope_scaling: rest })[1]).toMatchObject({ factor: 4 }); // of 131,072
    });

    it('reads longrope with the factor of attention that its two contexts give', () => {
      expect(rope({ rope_scaling: LONGROPE, original_max_position_embeddings: 4096 })[1]).toMatchObject({
        ...{ type: 'longrope', original_max_position_embeddings: 4096 },
        attention_factor: Math.sqrt(1 + Math.log(32) / Math.log(4096)),
      });
    });

    it.each([
      ['yarn of factor 0', { rope_scaling: { rope_type: 'yarn', factor: 0 } }, 'rope_scaling.factor 0'],
      ['longrope without factors', { rope_parameters: { rope_type: 'longrope' } }, 'short_factor'],
      ['longrope of another length', { rope_scaling: { ...LONGROPE, long_factor: [1] } }, '32 numbers'],
      [
        'longrope that divides by 0',
        { rope_scaling: { ...LONGROPE, long_factor: Array<number>(32).fill(0) } },
        'rope_scaling.long_factor',
      ],
      ['names of longrope that are Phi-3’s', { rope_scaling: { ...LONGROPE, type: 'su' } }, '"su"'],
      ['dynamic', { rope_scaling: { type: 'dynamic', factor: 2 } }, 'rope_scaling.type "dynamic"'],
      ['a type that is no text', { rope_scaling: { type: 3 } }, 'rope_scaling.type 3'],
      ['linear without a factor', { rope_scaling: { type: 'linear' } }, 'no rope_scaling.factor'],
      ['a factor of zero', { rope_scaling: { type: 'linear', factor: 0 } }, 'rope_scaling.factor 0'],
      [
        'llama3 without a band',
        { rope_scaling: { rope_type: 'llama3', factor: 8 } },
        'no rope_scaling.low_freq_factor',
      ],
      [
        'llama3 with an empty band',
        { rope_scaling: { ...LLAMA3_ROPE, high_freq_factor: 1 } },
        'high_freq_factor 1',
      ],
      ['a part of the head', { partial_rotary_factor: 0.5 }, 'partial_rotary_factor 0.5'],
      [
        'a part, new spelling',
        { rope_parameters: { partial_rotary_factor: 0.5 } },
        'rope_parameters.partial_rotary_factor',
      ],
      [
        'sets by layer type',
        { rope_parameters: { full_attention: { rope_theta: 1e6 } } },
        'rope_parameters.full_attention',
      ],
      ['no object', { rope_scaling: 'linear' }, 'rope_scaling "linear"'],
      ['a theta in quotes', { rope_theta: '10000' }, 'rope_theta "10000"'],
    ])('refuses %s', (_, more, words) => {
      expect(() => rope(more)).toThrow(
        expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining(words) }),
      );
    });
  });

  describe('of a sliding window', () => {
    /** Windows of the 16 layers. */
    const windows = (name: string, more: object) => {
      const { layers, contextLength } = readConfig(
        family(name, { max_position_embeddings: 32_768, ...more }),
      );
      expect(contextLength).toBe(32_768);
      return layers.map(({ window }) => window);
    };
    const all = (window: number | undefined) => new Array<typeof window>(16).fill(window);

    it('slides in every layer of mistral, unless the window is null or no sequence outgrows it', () => {
      expect(windows('mistral', { sliding_window: 1000 })).toEqual(all(1000));
      expect(windows('mistral', {})).toEqual(all(4096));
      expect(windows('mistral', { sliding_window: null })).toEqual(all(undefined));
      expect(windows('mistral', { sliding_window: 50_000 })).toEqual(all(undefined));
    });

    it.each(['qwen2', 'qwen3'])('slides in the upper layers of %s, where that is switched on', (name) => {
      const on = { use_sliding_window: true, sliding_window: 1000, max_window_layers: 14 };
      expect(windows(name, on)).toEqual([...all(undefined).slice(2), 1000, 1000]);
      expect(windows(name, { ...on, use_sliding_window: false })).toEqual(all(undefined));
      expect(windows(name, { ...on, use_sliding_window: undefined })).toEqual(all(undefined));
      expect(windows(name, { ...on, max_window_layers: undefined })).toEqual(all(undefined)); // 28 by default
    });

    it('slides where layer_types says so, before anything else', () => {
      const on = { use_sliding_window: true, sliding_window: 1000, max_window_layers: 0 };
      const layer_types = all(0).map((_, l) => (l % 3 === 0 ? 'sliding_attention' : 'full_attention'));
      expect(windows('qwen3', { ...on, layer_types })).toEqual(
        all(undefined).map((_, l) => (l % 3 === 0 ? 1000 : undefined)),
      );
    });

    it.each([
      ['too few', ['sliding_attention']],
      ['others', all(0).map(() => 'chunked_attention')],
    ])('refuses layer_types of %s, naming them', (_, layer_types) => {
      const on = { use_sliding_window: true, sliding_window: 1000, layer_types };
      expect(() => windows('qwen3', on)).toThrow(
        expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining('layer_types') }),
      );
    });

    it('leaves llama alone, whose code has no window', () => {
      expect(windows('llama', { sliding_window: 1000 })).toEqual(all(undefined));
    });
  });

  it.each([
    ['another family', { model_type: 'mamba2' }, 'mamba2'],
    ['another family of similar build', { model_type: 'phi3small' }, 'phi3small'],
    [
      'the wrong class for its family',
      { architectures: ['LlamaForSequenceClassification'] },
      'SequenceClassification',
    ],
    ['a mixture of experts', { num_local_experts: 8 }, 'mixture of experts'],
    [
      'an unknown class and no family',
      { model_type: undefined, architectures: ['GPT2LMHeadModel'] },
      'GPT2LMHeadModel',
    ],
    ['nothing that names a family', { model_type: undefined, architectures: undefined }, 'no model_type'],
    ['a name from Object.prototype', { model_type: 'toString', architectures: undefined }, 'toString'],
  ])('refuses %s, listing what is supported', (_, more, words) => {
    const error = expect.objectContaining({
      code: 'family-unsupported',
      message: expect.stringContaining(words),
    });
    expect(() => readConfig({ ...LLAMA, ...more })).toThrow(error);
    expect(() => readConfig({ ...LLAMA, ...more })).toThrow(
      /llama .*mistral .*qwen2 .*qwen3 \(Qwen3ForCausalLM\)/,
    );
  });

  it.each([
    ['gptq', { quantization_config: { quant_method: 'gptq', bits: 4 } }, 'gptq, 4 bits'],
    ['awq', { quantization_config: { quant_method: 'awq', bits: 4 } }, 'awq, 4 bits'],
    ['bitsandbytes', { quantization_config: { quant_method: 'bitsandbytes' } }, 'bitsandbytes'],
    ['fp8', { quantization_config: { quant_method: 'fp8' } }, 'fp8'],
    ['MLX with 3 bits', { quantization: { group_size: 64, bits: 3 } }, 'mlx, 3 bits in groups of 64'],
    ['an unnamed method', { quantization_config: { load: 1 } }, '{"load":1}'],
  ])('refuses a checkpoint quantised by %s', (_, more, words) => {
    const error = expect.objectContaining({
      code: 'dtype-unsupported',
      message: expect.stringContaining(words),
    });
    expect(() => readConfig({ ...LLAMA, ...more })).toThrow(error);
  });

  it.each(['hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'vocab_size'])(
    'needs %s to be a positive whole number',
    (name) => {
      for (const value of [undefined, null, 0, -8, 1.5, NaN, Infinity, '64', [64], true]) {
        const error = expect.objectContaining({
          code: 'config-invalid',
          message: expect.stringContaining(name),
        });
        expect(() => readConfig({ ...LLAMA, [name]: value })).toThrow(error);
      }
    },
  );

  it.each([
    ['rms_norm_eps', '1e-5'],
    ['rms_norm_eps', 0],
    ['rms_norm_eps', NaN],
    ['max_position_embeddings', 0],
    ['head_dim', '64'],
    ['head_dim', 7],
    ['head_dim', 192],
    ['num_key_value_heads', 5],
    ['num_key_value_heads', '8'],
    ['tie_word_embeddings', 'false'],
    ['attention_bias', 1],
    ['mlp_bias', 0],
    ['hidden_act', 'gelu'],
    ['hidden_act', 3],
    ['hidden_size', 2052],
    ['intermediate_size', 8196],
    ['architectures', 'LlamaForCausalLM'],
    ['model_type', 7],
  ])('refuses %s %j, naming the field', (name, value) => {
    const words = name === 'num_key_value_heads' && value === 5 ? 'key-value heads' : name;
    const error = expect.objectContaining({
      code: 'config-invalid',
      message: expect.stringContaining(words),
    });
    expect(() => readConfig({ ...LLAMA, head_dim: 64, [name]: value })).toThrow(error);
  });

  it.each([null, undefined, [], 'llama', 3])('refuses %j in place of an object', (value) => {
    expect(() => readConfig(value)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });
});
