/**
 * The whole forward pass on the CPU, slow and plain: the specification that the GPU's is tested against, put together
 * from the CPU twins of the kernels and from the same sums in faster loops.
 */
import { cappedReference } from '../kernels/attention';
import { gateReference } from '../kernels/linear';
import { rmsnormReference } from '../kernels/rmsnorm';
import { ropeReference } from '../kernels/rope_append';
import { attendRows, linearRows, type KeysValues } from './reference-math';
import { ropeFor, ropesOf } from './rope';
import { attentionOf, type ModelSpec } from './spec';

/** A tensor's values by its name in the checkpoint; undefined when the checkpoint has none. */
export type Tensors = (name: string) => Float32Array | undefined;

/** The steps of a forward pass, for whoever decides which rows go through them. Layers are counted from 0. */
export interface ReferenceModel {
  readonly spec: ModelSpec;
  /** [T, C] */
  embed(tokens: readonly number[]): Float32Array;
  /** What layer l's attention works on, for rows x [T, C] at these RoPE positions [T]. q is [T, H, D]. */
  project(l: number, x: Float32Array, positions: readonly number[]): { q: Float32Array; kv: KeysValues };
  /** The rest of layer l: adds to x, in place, the output projection of o [T, H, D], then the MLP. */
  finish(l: number, x: Float32Array, o: Float32Array): void;
  /** Of one row [C]. [V] */
  logits(row: Float32Array): Float32Array;
}

/**
 * For sequences that may reach `length` tokens (of interest to longrope). Throws where `tensors` lacks a weight that the spec
 * needs, when it is needed.
 */
export function referenceModel(spec: ModelSpec, checkpoint: Tensors, length = 0): ReferenceModel {
  const { H, G, D, C, F, V, norms, rmsNormEps: eps } = spec;
  const tensors = spec.fused ? parted(spec, checkpoint) : checkpoint;
  const ropes = new Map(ropesOf(spec).map((rope) => [rope, ropeFor(rope, length)]));
  const { weight, normWeight, linear } = operators(spec, tensors);
  const turn = (l: number, heads: Float32Array, norm: string, positions: readonly number[]) => {
    // By head or over all of them: as long as the weights are.
    if (spec.qkNorm !== 'none') heads.set(rmsnormReference(heads, normWeight(norm), eps));
    const { rope } = spec.layers[l]!;
    if (!rope) return heads;
    const width = heads.length / positions.length;
    for (let at = 0; at < heads.length; at += D) {
      ropeReference(heads.subarray(at, at + D), positions[Math.floor(at / width)]!, ropes.get(rope)!);
    }
    return heads;
  };
  return {
    spec,
    embed: (tokens) => {
      const embedding = weight('model.embed_tokens');
      const x = new Float32Array(tokens.length * C);
      tokens.forEach((id, t) => x.set(embedding.subarray(id * C, (id + 1) * C), t * C));
      return x.map((value) => spec.embeddingScale * value);
    },
    project: (l, x, positions) => {
      const name = (rest: string) => `model.layers.${l}.${rest}`;
      const h = norms === 'post' ? x : rmsnormReference(x, normWeight(name('input_layernorm')), eps);
      const q = turn(l, linear(name('self_attn.q_proj'), h, C, H * D), name('self_attn.q_norm'), positions);
      const k = turn(l, linear(name('self_attn.k_proj'), h, C, G * D), name('self_attn.k_norm'), positions);
      const v = linear(name('self_attn.v_proj'), h, C, G * D);
      const entries = { k: byHead(k, G, D), v: byHead(v, G, D) };
      return {
        q,
        kv: { S: positions.length, ...entries, positions: new Array<typeof positions>(G).fill(positions) },
      };
    },
    finish: (l, x, o) => {
      const name = (rest: string) => `model.layers.${l}.${rest}`;
      const normed = (norm: string, rows: Float32Array) =>
        rmsnormReference(rows, normWeight(name(norm)), eps);
      const attended = linear(name('self_attn.o_proj'), o, H * D, C);
      // The name is of its place in the layer: in most families it is the norm before the MLP.
      const behind = norms !== 'pre';
      add(x, behind ? normed('post_attention_layernorm', attended) : attended, spec.residualScale);
      const before = { pre: 'post_attention_layernorm', both: 'pre_feedforward_layernorm', post: undefined }[
        norms
      ];
      const h = before ? normed(before, x) : x;
      const gate = linear(name('mlp.gate_proj'), h, C, F);
      const up = linear(name('mlp.up_proj'), h, C, F);
      const down = linear(name('mlp.down_proj'), gateReference(interleave(gate, up), spec.activation), F, C);
      add(x, behind ? normed('post_feedforward_layernorm', down) : down, spec.residualScale);
    },
    logits: (row) => {
      const last = rmsnormReference(row, normWeight('model.norm'), eps);
      const logits = linear(spec.tied ? 'model.embed_tokens' : 'lm_head', last, C, V);
      return logits.map((logit) => cappedReference(spec.logitsScale * logit, spec.logitsCap));
    },
  };
}

/** What the checkpoint's weights do to rows, by the names that they have there without `.weight`. */
function operators({ normOffset }: ModelSpec, tensors: Tensors) {
  const weight = (name: string): Float32Array => {
    const values = tensors(`${name}.weight`);
    if (!values) throw new Error(`no ${name}.weight`);
    return values;
  };
  return {
    weight,
    normWeight: (name: string) => weight(name).map((w) => normOffset + w),
    linear: (name: string, x: Float32Array, K: number, N: number) =>
      linearRows({ T: x.length / K, N, K, x, w: weight(name), bias: tensors(`${name}.bias`) }),
  };
}

/** Logits of the last of `tokens`, full attention. [V] */
export function referenceLogits(spec: ModelSpec, tensors: Tensors, tokens: readonly number[]): Float32Array {
  const model = referenceModel(spec, tensors, tokens.length);
  const positions = tokens.map((_, t) => t);
  const x = model.embed(tokens);
  for (let l = 0; l < spec.L; l++) {
    const { q, kv } = model.project(l, x, positions);
    model.finish(l, x, attendRows({ ...spec, ...attentionOf(spec, l), q, positions, kv }));
  }
  return model.logits(x.slice(-spec.C));
}

function add(x: Float32Array, y: Float32Array, scale: number): void {
  for (let i = 0; i < x.length; i++) x[i]! += scale * y[i]!;
}

/** The matrices that a checkpoint has fused, under the names that they have elsewhere. */
function parted({ H, G, D, C, F }: ModelSpec, tensors: Tensors): Tensors {
  const parts: Readonly<Record<string, readonly [fused: string, first: number, rows: number]>> = {
    q_proj: ['qkv_proj', 0, H * D],
    k_proj: ['qkv_proj', H * D, G * D],
    v_proj: ['qkv_proj', (H + G) * D, G * D],
    gate_proj: ['gate_up_proj', 0, F],
    up_proj: ['gate_up_proj', F, F],
  };
  return (name) => {
    const own = /(\w+)\.weight$/.exec(name)?.[1] ?? '';
    const part = parts[own];
    if (!part) return tensors(name);
    const [fused, first, rows] = part;
    return tensors(name.replace(own, fused))?.subarray(first * C, (first + rows) * C);
  };
}

/** Rows [T, F] of each -> pairs as gateReference wants them. [T, 2F] */
function interleave(even: Float32Array, odd: Float32Array): Float32Array {
  const pairs = new Float32Array(2 * even.length);
  for (let i = 0; i < even.length; i++) {
    pairs[2 * i] = even[i]!;
    pairs[2 * i + 1] = odd[i]!;
  }
  return pairs;
}

/** [T, G, D] -> [G, T, D] */
function byHead(rows: Float32Array, G: number, D: number): Float32Array {
  const T = rows.length / (G * D);
  const out = new Float32Array(rows.length);
  for (let t = 0; t < T; t++) {
    for (let g = 0; g < G; g++) {
      out.set(rows.subarray((t * G + g) * D, (t * G + g + 1) * D), (g * T + t) * D);
    }
  }
  return out;
}
