/** How rotary positions are stretched. Names and fields as in the checkpoint's `rope_scaling` / `rope_parameters`. */
export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly beta_fast: number;
      readonly beta_slow: number;
      readonly truncate: boolean;
      readonly attention_factor: number;
      readonly original_max_position_embeddings: number;
    }
  | {
      readonly type: 'longrope';
      /** Of each pair's wavelength, for sequences up to the original context. [dims/2] */
      readonly short_factor: readonly number[];
      /** For longer ones. [dims/2] */
      readonly long_factor: readonly number[];
      readonly attention_factor: number;
      readonly original_max_position_embeddings: number;
    };

/** How a layer's queries and keys are turned; layers that are alike in this share one object. */
export interface RopeSpec {
  readonly theta: number;
  readonly scaling: RopeScaling;
  /** Dims of a head that turn, from the first one on: D, or a part of it. A multiple of 4. */
  readonly dims: number;
}

/** What layers of one model may differ in. */
export interface LayerSpec {
  /** Undefined: queries and keys stay as they are. */
  readonly rope: RopeSpec | undefined;
  /** Positions that a query sees, its own included. Undefined: all up to its own. */
  readonly window: number | undefined;
}

export type FamilyName =
  | 'llama'
  | 'mistral'
  | 'qwen2'
  | 'qwen3'
  | 'smollm3'
  | 'phi3'
  | 'granite'
  | 'olmo2'
  | 'gemma2'
  | 'gemma3_text';

/** Everything that the engine needs to know of a model, from its config.json, checked. */
export interface ModelSpec {
  /** `model_type` of config.json. */
  readonly family: FamilyName;
  readonly L: number;
  readonly H: number;
  readonly G: number; // divides H
  readonly D: number; // one of HEAD_DIMS
  readonly C: number; // multiple of 8
  readonly F: number; // multiple of 8
  readonly V: number;
  readonly layers: readonly LayerSpec[]; // [L]
  readonly rmsNormEps: number;
  /** What is added to a norm's weights: 1 where they are stored as differences from 1. */
  readonly normOffset: 0 | 1;
  /** Where norms stand: before attention and MLP, behind each (on what is added to x), or both. */
  readonly norms: 'pre' | 'post' | 'both';
  /** RMSNorm on queries and keys before RoPE: over D of each head, or over all heads at once. */
  readonly qkNorm: 'none' | 'head' | 'all';
  /** q.k times this, before softmax; 1 / sqrt(D) in most. */
  readonly attentionScale: number;
  /** Attention's scores become cap tanh(score / cap). */
  readonly attentionCap: number | undefined;
  /** Logits become cap tanh(logit / cap). */
  readonly logitsCap: number | undefined;
  /** Rows of embed_tokens times this are x. */
  readonly embeddingScale: number;
  /** What attention and MLP add to x, times this. */
  readonly residualScale: number;
  /** Outputs of lm_head times this are logits. */
  readonly logitsScale: number;
  /** Of gate_proj. */
  readonly activation: 'silu' | 'gelu_pytorch_tanh';
  /** Tokens that positions are made for (max_position_embeddings). */
  readonly contextLength: number;
  /** lm_head shares embed_tokens. */
  readonly tied: boolean;
  /** The checkpoint has q, k and v as one qkv_proj, gate and up as one gate_up_proj, rows in this order. */
  readonly fused: boolean;
  /** q/k/v_proj have a bias. */
  readonly qkvBias: boolean;
  /** o_proj has a bias. */
  readonly oBias: boolean;
  /** gate/up/down_proj have a bias. */
  readonly mlpBias: boolean;
}

/** Head dims that the attention kernels are made for. */
export const HEAD_DIMS = [8, 16, 32, 64, 80, 96, 128, 256] as const;

/** How layer l makes its scores. */
export const attentionOf = (
  { layers, attentionScale, attentionCap }: Pick<ModelSpec, 'layers' | 'attentionScale' | 'attentionCap'>,
  l: number,
) => ({ scale: attentionScale, cap: attentionCap, sliding: layers[l]!.window });
