/**
 * Models that the page suggests: small, ungated, made to be talked to. The one place to change them. Of each config.json, as
 * published, what a memory plan goes by; what is downloaded says for itself in full.
 */
export interface SuggestedModel {
  readonly repo: string;
  readonly revision: string;
  readonly name: string;
  readonly goodFor: string;
  readonly licence: string;
  /** Of weights and tokenizer, rounded to a megabyte. */
  readonly downloadBytes: number;
  readonly config: Readonly<Record<string, unknown>>;
}

const MB = 1e6;

const SMOLLM2 = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100_000,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  vocab_size: 49_152,
};

const QWEN3_0_6B = {
  architectures: ['Qwen3ForCausalLM'],
  model_type: 'qwen3',
  attention_bias: false,
  head_dim: 128,
  hidden_act: 'silu',
  hidden_size: 1024,
  intermediate_size: 3072,
  max_position_embeddings: 40_960,
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
  vocab_size: 151_936,
};

export const SUGGESTED: readonly SuggestedModel[] = [
  {
    repo: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    revision: 'main',
    name: 'SmolLM2 135M Instruct',
    goodFor: 'The smallest that can chat in English: good for trying the page on any device.',
    licence: 'Apache 2.0',
    downloadBytes: 271 * MB,
    config: {
      ...SMOLLM2,
      hidden_size: 576,
      intermediate_size: 1536,
      num_attention_heads: 9,
      num_hidden_layers: 30,
      num_key_value_heads: 3,
    },
  },
  {
    repo: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    revision: 'main',
    name: 'SmolLM2 360M Instruct',
    goodFor: 'Short questions and summaries in English, up to 8,000 tokens of text.',
    licence: 'Apache 2.0',
    downloadBytes: 726 * MB,
    config: {
      ...SMOLLM2,
      hidden_size: 960,
      intermediate_size: 2560,
      num_attention_heads: 15,
      num_hidden_layers: 32,
      num_key_value_heads: 5,
    },
  },
  {
    repo: 'Qwen/Qwen2.5-0.5B-Instruct',
    revision: 'main',
    name: 'Qwen2.5 0.5B Instruct',
    goodFor: 'Long texts, up to 32,000 tokens, in many languages; takes little memory for each token.',
    licence: 'Apache 2.0',
    downloadBytes: 995 * MB,
    config: {
      architectures: ['Qwen2ForCausalLM'],
      model_type: 'qwen2',
      hidden_act: 'silu',
      hidden_size: 896,
      intermediate_size: 4864,
      max_position_embeddings: 32_768,
      max_window_layers: 21,
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      sliding_window: 32_768,
      tie_word_embeddings: true,
      torch_dtype: 'bfloat16',
      use_sliding_window: false,
      vocab_size: 151_936,
    },
  },
  {
    repo: 'mlx-community/Qwen3-0.6B-4bit',
    revision: 'main',
    name: 'Qwen3 0.6B, 4-bit',
    goodFor: 'The best for its size: thinks before it answers, up to 40,000 tokens of text.',
    licence: 'Apache 2.0',
    downloadBytes: 347 * MB,
    config: { ...QWEN3_0_6B, quantization: { group_size: 64, bits: 4 } },
  },
  {
    repo: 'Qwen/Qwen3-0.6B',
    revision: 'main',
    name: 'Qwen3 0.6B',
    goodFor: 'The same in full precision, loaded in 16, 8 or 4 bits as chosen below.',
    licence: 'Apache 2.0',
    // Its file holds the tied head a second time, which is not loaded.
    downloadBytes: 1515 * MB,
    config: QWEN3_0_6B,
  },
];
