/** Makes the lines of the forward pass: which kernel, which weights, which scratch. */
import type { Buffers } from '../gpu/buffers';
import { attention_merge, splitsOf } from '../kernels/attention_merge';
import { attention_split } from '../kernels/attention_split';
import { attention_tiled, keysPerTile } from '../kernels/attention_tiled';
import { embed } from '../kernels/embed';
import { EPILOGUE, type Epilogue } from '../kernels/linear';
import { candidateCount, logits_adjust } from '../kernels/logits_adjust';
import { matmul_rows } from '../kernels/matmul_rows';
import { matmul_tiled } from '../kernels/matmul_tiled';
import { matvec } from '../kernels/matvec';
import { rmsnorm } from '../kernels/rmsnorm';
import { rope_append, ropeTable } from '../kernels/rope_append';
import { sample } from '../kernels/sample';
import { GREEDY, SAMPLING_OP, samplingOp } from '../kernels/sampling';
import type { KvLayer } from '../kv/cache';
import type { LayerWeights, Matrix, ModelWeights, Vector } from '../weights/layout';
import type { Decoder, DecoderHead, DecoderLayer } from './decoder';
import { sequence, type Op, type OpMaker } from './ops';
import { inverseFrequencies } from './rope';
import type { ModelSpec } from './spec';

/** Buffers that every layer shares: a tile's activations, the head's, and small tables. */
export interface Scratch {
  readonly ids: GPUBuffer; // [tile] token ids; the sampler writes ids[0]
  readonly x: GPUBuffer; // [tile, C] residual stream
  readonly h: GPUBuffer; // [tile, C] normed
  readonly qkv: GPUBuffer; // [tile, H+2G, D]
  readonly attn: GPUBuffer; // [tile, H, D]
  readonly act: GPUBuffer; // [tile, F]
  readonly rope: GPUBuffer;
  readonly none: GPUBuffer; // bound where a layer has no bias or norm
  readonly logits: GPUBuffer; // [V]
  readonly adjusted: GPUBuffer; // [V]
  readonly best: GPUBuffer;
  readonly seen: GPUBuffer; // [V] bits
  readonly step: GPUBuffer; // uniform
  readonly sampling: GPUBuffer; // uniform
}

export function makeScratch(spec: ModelSpec, buffers: Buffers, tile: number): Scratch {
  const { H, G, D, C, F, V } = spec;
  const floats = (label: string, count: number) => buffers.storage('scratch', label, 4 * count);
  const table = ropeTable(inverseFrequencies(spec), spec.contextLength);
  const rope = floats('rope', table.length);
  const uniform = (label: string, words: number) =>
    buffers.make('scratch', label, 4 * words, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  buffers.device.queue.writeBuffer(rope, 0, table);
  return {
    ids: floats('ids', tile),
    x: floats('x', tile * C),
    h: floats('h', tile * C),
    qkv: floats('qkv', tile * (H + 2 * G) * D),
    attn: floats('attn', tile * H * D),
    act: floats('act', tile * F),
    rope,
    none: floats('none', 4),
    logits: floats('logits', V),
    adjusted: floats('adjusted', V),
    best: floats('best', 2 * candidateCount(V)),
    seen: floats('seen', Math.ceil(V / 32)),
    step: uniform('step', 4),
    sampling: uniform('sampling', SAMPLING_OP.length),
  };
}

/** The forward pass over a cache as it is now; made again when the cache's buffers change. */
export function makeDecoder(parts: LayerParts, layers: readonly KvLayer[], capacity: number): Decoder {
  const maker = new LayerMaker(parts, capacity);
  return {
    embed_tokens: maker.embedTokens(),
    layers: layers.map((kv, l) => maker.layer(l, kv)),
    head: maker.head(),
  };
}

export interface LayerParts {
  readonly spec: ModelSpec;
  readonly make: OpMaker;
  readonly scratch: Scratch;
  readonly weights: ModelWeights;
  /** Between the two kernels of attention over stretches of the cache. */
  readonly part: GPUBuffer;
}

/** Floats that `LayerParts.part` needs for a capacity. */
export const partFloats = ({ H, D }: ModelSpec, capacity: number): number =>
  H * splitsOf(0, { rows: 1, position: 0, appended: capacity - 1, draw: 0 }) * (D + 2);

class LayerMaker {
  private readonly spec: ModelSpec;
  private readonly make: OpMaker;
  private readonly scratch: Scratch;

  constructor(
    private readonly parts: LayerParts,
    private readonly capacity: number,
  ) {
    ({ spec: this.spec, make: this.make, scratch: this.scratch } = parts);
  }

  embedTokens(): Op {
    const { ids, x } = this.scratch;
    const pieces = this.parts.weights.embed_tokens.pieces;
    return sequence(
      pieces.map(({ buffer: w, first, count }) =>
        this.make.dispatch(embed, { C: this.spec.C, first, count }, { ids, x, w }),
      ),
    );
  }

  layer(l: number, kv: KvLayer): DecoderLayer {
    const { x, h, qkv, attn, act } = this.scratch;
    const w = this.parts.weights.layers[l]!;
    return {
      input_layernorm: this.#norm(w.input_layernorm, x, h),
      qkv_proj: this.#linear(w.qkv_proj, w.qkv_bias, h, qkv, 'store'),
      rope_append: this.#ropeAppend(w, kv),
      self_attn: this.#attention(kv),
      o_proj: this.#linear(w.o_proj, w.o_bias, attn, x, 'add'),
      post_attention_layernorm: this.#norm(w.post_attention_layernorm, x, h),
      gate_up_proj: this.#linear(w.gate_up_proj, w.gate_up_bias, h, act, 'silu_mul'),
      down_proj: this.#linear(w.down_proj, w.down_bias, act, x, 'add'),
    };
  }

  head(): DecoderHead {
    const { x, h, ids, logits, adjusted, best, seen, sampling } = this.scratch;
    const values = samplingOp(this.spec.V, GREEDY); // for the grid; the values are in the shared uniform
    return {
      norm: this.#norm(this.parts.weights.norm, x, h, true),
      lm_head: this.#linear(this.parts.weights.lm_head, undefined, h, logits, 'store'),
      sample: sequence([
        this.make.dispatch(logits_adjust, values, { op: sampling, logits, seen, adjusted, best }),
        this.make.dispatch(sample, values, { op: sampling, adjusted, best, seen, ids }),
      ]),
    };
  }

  #norm(weight: Vector, x: GPUBuffer, y: GPUBuffer, lastOnly = false): Op {
    const values = { C: this.spec.C, last_only: lastOnly ? 1 : 0, eps: this.spec.rmsNormEps };
    return this.make.dispatch(rmsnorm, values, { x, weight: weight.buffer, y });
  }

  #linear(
    { N, K, pieces }: Matrix,
    bias: Vector | undefined,
    x: GPUBuffer,
    y: GPUBuffer,
    epilogue: Epilogue,
  ): Op {
    const prefill = this.make.variant.profile === 'software' ? matmul_rows : matmul_tiled;
    return sequence(
      pieces.map(({ buffer: w, first, count }) =>
        this.make.phased(
          { prefill, decode: matvec },
          { N, K, first, count, epilogue: EPILOGUE[epilogue], has_bias: bias ? 1 : 0 },
          { x, bias: bias?.buffer ?? this.scratch.none, y, w },
        ),
      ),
    );
  }

  #ropeAppend({ qk_norm }: LayerWeights, { k, v, kept }: KvLayer): Op {
    const { H, G, D, rmsNormEps: eps } = this.spec;
    const capacity = this.capacity;
    const { qkv, rope, none } = this.scratch;
    return this.make.dispatch(
      rope_append,
      { H, G, D, capacity, eps, norm: qk_norm ? 1 : 0 },
      { qkv, qk_norm: qk_norm?.buffer ?? none, rope, kept, k, v },
    );
  }

  #attention({ k, v, kept }: KvLayer): Op {
    const { H, G, D } = this.spec;
    const { part } = this.parts;
    const capacity = this.capacity;
    const { qkv, attn: o } = this.scratch;
    const values = { H, G, D, capacity, keys: keysPerTile(D), kept_most: 0 };
    const prefill = this.make.dispatch(attention_tiled, values, { qkv, kept, k, v, o });
    const decode = sequence([
      this.make.dispatch(attention_split, values, { qkv, kept, k, v, part }),
      this.make.dispatch(attention_merge, values, { part, o }),
    ]);
    return {
      encode: (pass, step, phase) => (phase === 'prefill' ? prefill : decode).encode(pass, step, phase),
    };
  }
}
