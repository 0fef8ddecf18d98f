import type { Buffers } from '../gpu/buffers';
import { rowBytes, type MatrixForm } from '../kernels/affine';
import type { ModelSpec } from '../models/spec';
import { formOf, type WeightForms } from './forms';

/** Rows first .. first + count - 1 of a matrix, in a buffer that fits a binding. */
export interface Piece {
  readonly buffer: GPUBuffer;
  /** Scales and biases of these rows, where they lie in groups. */
  readonly scales: GPUBuffer | undefined;
  readonly first: number;
  readonly count: number;
}

/** A matrix on the GPU, row per output: [N, K]. */
export interface Matrix {
  readonly N: number;
  readonly K: number;
  readonly form: MatrixForm;
  readonly pieces: readonly Piece[];
}

/** A norm's weights or a layer's biases, f32. */
export interface Vector {
  readonly length: number;
  readonly buffer: GPUBuffer;
}

/** Names as in the checkpoint; q, k, v are one matrix, and gate and up alternate row by row. */
export interface LayerWeights {
  readonly input_layernorm: Vector | undefined; // [C]
  readonly qkv_proj: Matrix; // [(H+2G) D, C]
  readonly qkv_bias: Vector | undefined;
  readonly qk_norm: Vector | undefined; // [2, D], or [H+G, D] where it is over all heads
  readonly o_proj: Matrix; // [C, H D]
  readonly o_bias: Vector | undefined;
  readonly post_attention_layernorm: Vector; // [C]
  readonly pre_feedforward_layernorm: Vector | undefined; // [C]
  readonly post_feedforward_layernorm: Vector | undefined; // [C]
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

/** Where a tensor of the checkpoint goes: its row (or element) i to `i * stride + offset` of the target, if that has such a row. */
export interface Placement {
  readonly tensor: string;
  readonly to: Matrix | Vector;
  /** What of the matrix's groups the checkpoint holds in this tensor; undefined where it holds floats. */
  readonly part: 'words' | 'scales' | 'biases' | undefined;
  readonly stride: number;
  readonly offset: number;
  /** Added to each value; of vectors. */
  readonly plus: number;
}

/** What makes the buffers; a memory plan only counts them. */
type Maker = Pick<Buffers, 'storage'>;

/** Empty weights of a model and where each tensor of its checkpoint goes. */
export function layOut(
  spec: ModelSpec,
  buffers: Maker,
  forms: WeightForms,
  maxBindingBytes: number,
): { weights: ModelWeights; placements: Placement[] } {
  const { C, V } = spec;
  const layout = new Layout(buffers, forms, maxBindingBytes, spec.normOffset);
  const embed_tokens = layout.linear('model.embed_tokens', V, C);
  const layers = Array.from({ length: spec.L }, (_, l) => layOutLayer(spec, layout, `model.layers.${l}`));
  const norm = layout.norm('model.norm', C);
  const lm_head = spec.tied ? embed_tokens : layout.linear('lm_head', V, C);
  return { weights: { embed_tokens, layers, norm, lm_head }, placements: layout.placements };
}

function layOutLayer(spec: ModelSpec, layout: Layout, name: string): LayerWeights {
  const { H, G, D, C, F, norms, qkNorm } = spec;
  const attn = `${name}.self_attn`;
  const mlp = `${name}.mlp`;
  const qkv: readonly Place[] = spec.fused
    ? [{ tensor: `${attn}.qkv_proj`, offset: 0 }]
    : [
        { tensor: `${attn}.q_proj`, offset: 0 },
        { tensor: `${attn}.k_proj`, offset: H * D },
        { tensor: `${attn}.v_proj`, offset: (H + G) * D },
      ];
  // Of a fused tensor, each half's rows; the other half's would lie beyond the matrix.
  const gateUp: readonly Place[] = spec.fused
    ? [
        { tensor: `${mlp}.gate_up_proj`, stride: 2, offset: 0 },
        { tensor: `${mlp}.gate_up_proj`, stride: 2, offset: 1 - 2 * F },
      ]
    : [
        { tensor: `${mlp}.gate_proj`, stride: 2, offset: 0 },
        { tensor: `${mlp}.up_proj`, stride: 2, offset: 1 },
      ];
  const [qNormed, kNormed] = { none: [0, 0], head: [D, D], all: [H * D, G * D] }[qkNorm] as [number, number];
  const qkNorms: readonly Place[] = [
    { tensor: `${attn}.q_norm`, offset: 0 },
    { tensor: `${attn}.k_norm`, offset: qNormed },
  ];
  const norm = (own: string, there: boolean) => (there ? layout.norm(`${name}.${own}`, C) : undefined);
  return {
    input_layernorm: norm('input_layernorm', norms !== 'post'),
    qkv_proj: layout.matrix(`${attn}.qkv_proj`, (H + 2 * G) * D, C, qkv),
    qkv_bias: spec.qkvBias ? layout.vector(`${attn}.qkv_bias`, (H + 2 * G) * D, 'bias', qkv) : undefined,
    qk_norm:
      qkNorm === 'none' ? undefined : layout.vector(`${attn}.qk_norm`, qNormed + kNormed, 'weight', qkNorms),
    o_proj: layout.linear(`${attn}.o_proj`, C, H * D),
    o_bias: spec.oBias ? layout.bias(`${attn}.o_proj`, C) : undefined,
    post_attention_layernorm: layout.norm(`${name}.post_attention_layernorm`, C),
    pre_feedforward_layernorm: norm('pre_feedforward_layernorm', norms === 'both'),
    post_feedforward_layernorm: norm('post_feedforward_layernorm', norms !== 'pre'),
    gate_up_proj: layout.matrix(`${mlp}.gate_up_proj`, 2 * F, C, gateUp),
    gate_up_bias: spec.mlpBias ? layout.vector(`${mlp}.gate_up_bias`, 2 * F, 'bias', gateUp) : undefined,
    down_proj: layout.linear(`${mlp}.down_proj`, C, F),
    down_bias: spec.mlpBias ? layout.bias(`${mlp}.down_proj`, C) : undefined,
  };
}

/** A tensor of the checkpoint, without its `.weight` or `.bias`, and its rows within a fused one. */
interface Place {
  readonly tensor: string;
  readonly stride?: number;
  readonly offset: number;
}

/** Makes buffers and notes what goes into them. */
class Layout {
  readonly placements: Placement[] = [];

  constructor(
    private readonly buffers: Maker,
    private readonly forms: WeightForms,
    private readonly maxBindingBytes: number,
    /** What a norm's weights are stored without. */
    private readonly normOffset: number,
  ) {}

  matrix(label: string, N: number, K: number, from: readonly Place[]): Matrix {
    const form = formOf(this.forms, from[0]!.tensor, K);
    const row = rowBytes(K, form);
    // Whole tiles of 64 rows, so that pieces do not cut tiles. Scales never take more than what they scale.
    const most = Math.max(64, Math.floor(this.maxBindingBytes / row.values / 64) * 64);
    const pieces: Piece[] = [];
    for (let first = 0; first < N; first += most) {
      const count = Math.min(most, N - first);
      const buffer = this.buffers.storage('weights', label, count * row.values);
      const scales =
        row.scales > 0 ? this.buffers.storage('weights', `${label} scales`, count * row.scales) : undefined;
      pieces.push({ buffer, scales, first, count });
    }
    const to = { N, K, form, pieces };
    if (this.forms.packed?.has(from[0]!.tensor)) {
      this.#note(to, 'weight', from, 'words');
      this.#note(to, 'scales', from, 'scales');
      this.#note(to, 'biases', from, 'biases');
    } else this.#note(to, 'weight', from);
    return to;
  }

  vector(label: string, length: number, kind: 'weight' | 'bias', from: readonly Place[]): Vector {
    const to = { length, buffer: this.buffers.storage('weights', label, 4 * length) };
    this.#note(to, kind, from, undefined, kind === 'weight' ? this.normOffset : 0);
    return to;
  }

  linear(tensor: string, N: number, K: number): Matrix {
    return this.matrix(tensor, N, K, [{ tensor, offset: 0 }]);
  }

  norm(tensor: string, length: number): Vector {
    return this.vector(tensor, length, 'weight', [{ tensor, offset: 0 }]);
  }

  bias(tensor: string, length: number): Vector {
    return this.vector(tensor, length, 'bias', [{ tensor, offset: 0 }]);
  }

  #note(to: Matrix | Vector, kind: string, from: readonly Place[], part?: Placement['part'], plus = 0): void {
    for (const { tensor, stride = 1, offset } of from) {
      this.placements.push({ tensor: `${tensor}.${kind}`, to, part, stride, offset, plus });
    }
  }
}
