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
    };

/** Everything that the engine needs to know of a model, from its config.json, checked. */
export interface ModelSpec {
  /** `model_type` of config.json. */
  readonly family: 'llama' | 'mistral' | 'qwen2' | 'qwen3';
  readonly L: number;
  readonly H: number;
  readonly G: number; // divides H
  readonly D: number; // one of HEAD_DIMS
  readonly C: number; // multiple of 8
  readonly F: number; // multiple of 8
  readonly V: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  /** Tokens that positions are made for (max_position_embeddings). */
  readonly contextLength: number;
  /** lm_head shares embed_tokens. */
  readonly tied: boolean;
  /** q/k/v_proj have a bias. */
  readonly qkvBias: boolean;
  /** o_proj has a bias. */
  readonly oBias: boolean;
  /** gate/up/down_proj have a bias. */
  readonly mlpBias: boolean;
  /** RMSNorm over D on each query and key head before RoPE (Qwen3). */
  readonly qkNorm: boolean;
}

/** Head dims that the attention kernels are made for. */
export const HEAD_DIMS = [8, 16, 32, 64, 80, 96, 128] as const;
