import type { Buffers } from '../gpu/buffers';
import type { ModelSpec } from '../models/spec';
import type { StorageDtype } from '../../protocol';

/** Rows first .. first + count - 1 of a matrix, in a buffer that fits a binding. */
export interface Piece {
  readonly buffer: GPUBuffer;
  readonly first: number;
  readonly count: number;
}

/** A matrix on the GPU, row per output: [N, K]. */
export interface Matrix {
  readonly N: number;
  readonly K: number;
  readonly pieces: readonly Piece[];
}

/** A norm's weights or a layer's biases, f32. */
export interface Vector {
  readonly length: number;
  readonly buffer: GPUBuffer;
}

/** Names as in the checkpoint; q, k, v are one matrix, and gate and up alternate row by row. */
export interface LayerWeights {
  readonly input_layernorm: Vector; // [C]
  readonly qkv_proj: Matrix; // [(H+2G) D, C]
  readonly qkv_bias: Vector | undefined;
  readonly qk_norm: Vector | undefined; // [2, D]
  readonly o_proj: Matrix; // [C, H D]
  readonly o_bias: Vector | undefined;
  readonly post_attention_layernorm: Vector; // [C]
  readonly gate_up_proj: Matrix; // [2F, C]
  readonly gate_up_bias: Vector | undefined;
  readonly down_proj: Matrix; // [C, F]
  readonly down_bias: Vector | undefined;
}

export interface ModelWeights {
  readonly embed_tokens: Matrix; // [V, C]
  readonly layers: readonly LayerWeights[]; // [L]
  readonly norm: Vector; // [C]
  readonly lm_head: Matrix; // [V, C]; embed_tokens itself when tied
}

/** Where a tensor of the checkpoint goes: its row (or element) i to `i * stride + offset` of the target. */
export type Placement =
  | { readonly tensor: string; readonly to: Matrix; readonly stride: number; readonly offset: number }
  | { readonly tensor: string; readonly to: Vector; readonly stride: number; readonly offset: number };

/** Empty weights of a model and where each tensor of its checkpoint goes. */
export function layOut(
  spec: ModelSpec,
  buffers: Buffers,
  dtype: StorageDtype,
  maxBindingBytes: number,
): { weights: ModelWeights; placements: Placement[] } {
  const { L, H, G, D, C, F, V } = spec;
  const placements: Placement[] = [];

  const matrix = (label: string, N: number, K: number): Matrix => {
    const rowBytes = K * (dtype === 'f16' ? 2 : 4);
    // Whole tiles of 64 rows, so that pieces do not cut tiles.
    const most = Math.max(64, Math.floor(maxBindingBytes / rowBytes / 64) * 64);
    const pieces: Piece[] = [];
    for (let first = 0; first < N; first += most) {
      const count = Math.min(most, N - first);
      pieces.push({ buffer: buffers.storage('weights', label, count * rowBytes), first, count });
    }
    return { N, K, pieces };
  };
  const vector = (label: string, length: number): Vector => ({
    length,
    buffer: buffers.storage('weights', label, 4 * length),
  });
  const place = <T extends Matrix | Vector>(to: T, tensor: string, stride = 1, offset = 0): T => {
    placements.push({ tensor, to, stride, offset } as Placement);
    return to;
  };

  const layer = (l: number): LayerWeights => {
    const name = (rest: string) => `model.layers.${l}.${rest}`;
    const heads = [
      ['q_proj', 0],
      ['k_proj', H * D],
      ['v_proj', (H + G) * D],
    ] as const;
    const qkv_proj = matrix(name('qkv_proj'), (H + 2 * G) * D, C);
    const qkv_bias = spec.qkvBias ? vector(name('qkv_bias'), (H + 2 * G) * D) : undefined;
    for (const [proj, offset] of heads) {
      place(qkv_proj, name(`self_attn.${proj}.weight`), 1, offset);
      if (qkv_bias) place(qkv_bias, name(`self_attn.${proj}.bias`), 1, offset);
    }
    const qk_norm = spec.qkNorm ? vector(name('qk_norm'), 2 * D) : undefined;
    if (qk_norm) {
      place(qk_norm, name('self_attn.q_norm.weight'));
      place(qk_norm, name('self_attn.k_norm.weight'), 1, D);
    }
    const gate_up_proj = matrix(name('gate_up_proj'), 2 * F, C);
    const gate_up_bias = spec.mlpBias ? vector(name('gate_up_bias'), 2 * F) : undefined;
    for (const [proj, offset] of [
      ['gate_proj', 0],
      ['up_proj', 1],
    ] as const) {
      place(gate_up_proj, name(`mlp.${proj}.weight`), 2, offset);
      if (gate_up_bias) place(gate_up_bias, name(`mlp.${proj}.bias`), 2, offset);
    }
    const norm = (which: string) => place(vector(name(which), C), name(`${which}.weight`));
    const linear = (which: string, N: number, K: number) =>
      place(matrix(name(which), N, K), name(`${which}.weight`));
    const bias = (which: string, has: boolean) =>
      has ? place(vector(name(which), C), name(`${which}.bias`)) : undefined;
    return {
      input_layernorm: norm('input_layernorm'),
      qkv_proj,
      qkv_bias,
      qk_norm,
      o_proj: linear('self_attn.o_proj', C, H * D),
      o_bias: bias('self_attn.o_proj', spec.oBias),
      post_attention_layernorm: norm('post_attention_layernorm'),
      gate_up_proj,
      gate_up_bias,
      down_proj: linear('mlp.down_proj', C, F),
      down_bias: bias('mlp.down_proj', spec.mlpBias),
    };
  };

  const embed_tokens = place(matrix('embed_tokens', V, C), 'model.embed_tokens.weight');
  const layers = Array.from({ length: L }, (_, l) => layer(l));
  const norm = place(vector('norm', C), 'model.norm.weight');
  const lm_head = spec.tied ? embed_tokens : place(matrix('lm_head', V, C), 'lm_head.weight');
  return { weights: { embed_tokens, layers, norm, lm_head }, placements };
}
