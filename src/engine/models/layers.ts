/** Makes the lines of the forward pass: which kernel, which weights, which scratch, which cache. */
import { reading } from '../kernels/affine';
import { attentionOp, kindOf } from '../kernels/attention';
import { attention_merge, splitsOf } from '../kernels/attention_merge';
import { attention_split } from '../kernels/attention_split';
import { attention_tiled, keysPerTile } from '../kernels/attention_tiled';
import { embed } from '../kernels/embed';
import { EPILOGUE, type Epilogue } from '../kernels/linear';
import { logits_adjust } from '../kernels/logits_adjust';
import { matmul_rows } from '../kernels/matmul_rows';
import { matmul_tiled } from '../kernels/matmul_tiled';
import { matvec } from '../kernels/matvec';
import { qk_rmsnorm } from '../kernels/qk_rmsnorm';
import { rmsnorm } from '../kernels/rmsnorm';
import { rope_append } from '../kernels/rope_append';
import { sample } from '../kernels/sample';
import { GREEDY, samplingOp } from '../kernels/sampling';
import type { KvLayer } from '../kv/layers';
import type { LayerWeights, Matrix, ModelWeights, Vector } from '../weights/layout';
import type { Decoder, DecoderHead, DecoderLayer } from './decoder';
import { sequence, type Op, type OpMaker } from './ops';
import { ropeTables, type Scratch } from './scratch';
import { attentionOf, type ModelSpec } from './spec';

export interface LayerParts {
  readonly spec: ModelSpec;
  readonly make: OpMaker;
  readonly scratch: Scratch;
  readonly weights: ModelWeights;
}

/** What makes one of gate and up. */
const GATE = { silu: 'silu_mul', gelu_pytorch_tanh: 'gelu_mul' } as const;

/** A line that a family does without. */
const NOTHING = sequence([]);

/** What a layer does with its weights alone, whatever cache it is on. */
type WeightOps = Omit<DecoderLayer, 'rope_append' | 'self_attn'> & { readonly q_proj: Op };

/** The lines that need no cache; made once a model. */
export class WeightLayers {
  readonly embed_tokens: Op;
  readonly head: DecoderHead;
  readonly layers: readonly WeightOps[]; // [L]

  constructor(private readonly parts: LayerParts) {
    this.embed_tokens = this.#embed();
    this.head = this.#head();
    this.layers = parts.weights.layers.map((w) => this.#layer(w));
  }

  #embed(): Op {
    const { spec, make, scratch, weights } = this.parts;
    const { ids, x } = scratch;
    return sequence(
      weights.embed_tokens.pieces.map(({ buffer: w, scales, first, count }) =>
        make.dispatch(
          reading(embed, weights.embed_tokens.form),
          { C: spec.C, first, count, scale: spec.embeddingScale },
          { ids, x, w, ...(scales && { scales }) },
        ),
      ),
    );
  }

  #layer(w: LayerWeights): WeightOps {
    const { x, h, qkv, attn, act } = this.parts.scratch;
    const { H, G, D, norms, residualScale, activation } = this.parts.spec;
    const input = norms === 'post' ? x : h; // of attention and of the MLP
    const behind = norms !== 'pre';
    const heads = (from: number, to: number) =>
      this.#linear(w.qkv_proj, w.qkv_bias, input, qkv, 'store', 1, [from * D, to * D]);
    /** Adds to x, or leaves in h what the norm behind adds to x. */
    const out = (matrix: Matrix, bias: Vector | undefined, from: GPUBuffer) =>
      behind
        ? this.#linear(matrix, bias, from, h, 'store')
        : this.#linear(matrix, bias, from, x, 'add', residualScale);
    const before = (weight: Vector | undefined) => (weight ? this.#norm(weight, x, h) : NOTHING);
    const added = (weight: Vector) => this.#norm(weight, h, x, { add: true });
    return {
      input_layernorm: before(w.input_layernorm),
      qkv_proj: heads(0, H + 2 * G),
      q_proj: heads(0, H),
      kv_proj: heads(H, H + 2 * G),
      o_proj: out(w.o_proj, w.o_bias, attn),
      post_attention_layernorm: behind
        ? added(w.post_attention_layernorm)
        : before(w.post_attention_layernorm),
      pre_feedforward_layernorm: before(w.pre_feedforward_layernorm),
      gate_up_proj: this.#linear(w.gate_up_proj, w.gate_up_bias, input, act, GATE[activation]),
      down_proj: out(w.down_proj, w.down_bias, act),
      post_feedforward_layernorm: w.post_feedforward_layernorm
        ? added(w.post_feedforward_layernorm)
        : NOTHING,
    };
  }

  #head(): DecoderHead {
    const { make, scratch, spec, weights } = this.parts;
    const { x, h, ids, logits, adjusted, best, seen, sampling } = scratch;
    const values = samplingOp(spec.V, GREEDY); // for the grid; the values are in the shared uniform
    return {
      norm: this.#norm(weights.norm, x, h, { lastOnly: true }),
      lm_head: spec.logitsCap
        ? this.#linear(weights.lm_head, undefined, h, logits, 'cap', spec.logitsCap)
        : this.#linear(weights.lm_head, undefined, h, logits, 'store', spec.logitsScale),
      sample: sequence([
        make.dispatch(logits_adjust, values, { op: sampling, logits, seen, adjusted, best }),
        make.dispatch(sample, values, { op: sampling, adjusted, best, seen, ids }),
      ]),
    };
  }

  #norm(weight: Vector, x: GPUBuffer, y: GPUBuffer, { lastOnly = false, add = false } = {}): Op {
    const { spec, make } = this.parts;
    const values = { C: spec.C, last_only: lastOnly ? 1 : 0, add: add ? 1 : 0, eps: spec.rmsNormEps };
    return make.dispatch(rmsnorm, values, { x, weight: weight.buffer, y });
  }

  /** Outputs times `scale` (of pairs, 1); from..to - 1 of a matrix, where not all are wanted. */
  #linear(
    { N, K, form, pieces }: Matrix,
    bias: Vector | undefined,
    x: GPUBuffer,
    y: GPUBuffer,
    epilogue: Epilogue,
    scale = 1,
    [from, to] = [0, N],
  ): Op {
    const { make, scratch } = this.parts;
    const prefill = make.variant.profile === 'software' ? matmul_rows : matmul_tiled;
    const kernels = { prefill: reading(prefill, form), decode: reading(matvec, form) };
    const wanted = pieces.flatMap(({ buffer: w, scales, first, count }) => {
      const [begin, end] = [Math.max(first, from), Math.min(first + count, to)];
      const buffers = { w, ...(scales && { scales }) };
      return begin < end ? [{ buffers, first: begin, count: end - begin, skip: begin - first }] : [];
    });
    return sequence(
      wanted.map(({ buffers, ...rows }) =>
        make.phased(
          kernels,
          { N, K, ...rows, epilogue: EPILOGUE[epilogue], has_bias: bias ? 1 : 0, scale },
          { x, bias: bias?.buffer ?? scratch.none, y, ...buffers },
        ),
      ),
    );
  }
}

/** Floats between the two kernels of decoding's attention, for the longest head's entries. */
export const partFloats = ({ H, D }: ModelSpec, entries: number): number =>
  H * splitsOf(0, { rows: 1, position: 0, appended: entries - 1, draw: 0 }) * (D + 2);

/** What decoding's attention is bound to. */
export interface DecodeCache {
  readonly layers: readonly KvLayer[]; // [L]
  /** Entries that the heads of each layer have before the appended ones. [L] */
  readonly kept: readonly number[];
  readonly part: GPUBuffer;
}

/** The forward pass of decoding over a cache as it is now. */
export function makeDecoder(
  parts: LayerParts,
  weights: WeightLayers,
  { layers, kept, part }: DecodeCache,
): Decoder {
  return {
    embed_tokens: weights.embed_tokens,
    head: weights.head,
    layers: layers.map((kv, l) => ({
      ...weights.layers[l]!,
      rope_append: ropeAppend(parts, l, kv, {}),
      self_attn: decodeAttention(parts, l, kv, kept[l]!, part),
    })),
  };
}

/** How the rows of a prefill stand in the prompt. */
export interface RowPlaces {
  /** Original positions of a reduced sequence's rows. */
  readonly positions?: GPUBuffer;
  /** Rows see the entries up to their original position, not up to their place: T's own selected rows. */
  readonly byPosition?: boolean;
  /** Keys and values are there already. */
  readonly queriesOnly?: boolean;
}

/** One layer of a prefill over the cache that it fills. */
export function makePrefillLayer(
  parts: LayerParts,
  weights: WeightLayers,
  l: number,
  kv: KvLayer,
  places: RowPlaces,
): DecoderLayer {
  const ops = weights.layers[l]!;
  return {
    ...ops,
    ...(places.queriesOnly && { qkv_proj: ops.q_proj }),
    rope_append: ropeAppend(parts, l, kv, places),
    self_attn: prefillAttention(parts, l, kv, places),
  };
}

function ropeAppend(
  { spec, make, scratch, weights }: LayerParts,
  l: number,
  { k, v, kept, capacity }: KvLayer,
  { positions, queriesOnly }: RowPlaces,
): Op {
  const { H, G, D, qkNorm, rmsNormEps: eps } = spec;
  const { qkv, rope, none } = scratch;
  const { qk_norm } = weights.layers[l]!;
  const turned = spec.layers[l]!.rope;
  const table = turned ? ropeTables(spec).firsts.get(turned)! / 4 : 0; // in the shader's vectors
  const flags = { norm: qkNorm === 'head' ? 1 : 0, gathered: positions ? 1 : 0, append: queriesOnly ? 0 : 1 };
  const turn = make.dispatch(
    rope_append,
    { H, G, D, R: turned?.dims ?? 0, capacity, eps, table, ...flags },
    { qkv, qk_norm: qk_norm?.buffer ?? none, rope, kept, positions: positions ?? none, k, v },
  );
  if (qkNorm !== 'all') return turn;
  return sequence([make.dispatch(qk_rmsnorm, { H, G, D, eps }, { qkv, weight: qk_norm!.buffer }), turn]);
}

function prefillAttention(
  { spec, make, scratch: { qkv, attn: o, none } }: LayerParts,
  l: number,
  { k, v, kept, capacity }: KvLayer,
  { positions, byPosition = false }: RowPlaces,
): Op {
  const { H, G, D } = spec;
  const how = attentionOf(spec, l);
  const places = { by_position: byPosition ? 1 : 0, reduced: positions && !byPosition ? 1 : 0 };
  return make.dispatch(
    attention_tiled(kindOf(how)),
    { H, G, D, capacity, keys: keysPerTile(D), ...places, ...attentionOp(how) },
    { qkv, kept, positions: positions ?? none, k, v, o },
  );
}

function decodeAttention(
  { spec, make, scratch: { qkv, attn: o, none } }: LayerParts,
  l: number,
  { k, v, kept, positions, capacity }: KvLayer,
  kept_most: number,
  part: GPUBuffer,
): Op {
  const { H, G, D } = spec;
  const how = attentionOf(spec, l);
  const values = { H, G, D, capacity, kept_most, ...attentionOp(how) };
  return sequence([
    make.dispatch(attention_split(kindOf(how)), values, {
      ...{ qkv, kept, k, v, part },
      entries: positions ?? none, // of a full cache nothing is kept, and all is appended
    }),
    make.dispatch(attention_merge, values, { part, o }),
  ]);
}
