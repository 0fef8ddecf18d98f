/**
 * The whole forward pass on the CPU, slow and plain: the specification that the GPU's is tested against, put together
 * from the CPU twins of the kernels.
 */
import { attentionReference } from '../kernels/attention';
import { linearReference, siluMulReference } from '../kernels/linear';
import { rmsnormReference } from '../kernels/rmsnorm';
import { ropeReference } from '../kernels/rope_append';
import { inverseFrequencies } from './rope';
import type { ModelSpec } from './spec';

/** A tensor's values by its name in the checkpoint; undefined when the checkpoint has none. */
export type Tensors = (name: string) => Float32Array | undefined;

/** Logits of the last of `tokens`. [V] */
export function referenceLogits(spec: ModelSpec, tensors: Tensors, tokens: readonly number[]): Float32Array {
  const { L, H, G, D, C, F, V } = spec;
  const T = tokens.length;
  const invFreq = inverseFrequencies(spec);
  const weight = (name: string): Float32Array => {
    const values = tensors(`${name}.weight`);
    if (!values) throw new Error(`no ${name}.weight`);
    return values;
  };
  const linear = (name: string, x: Float32Array, K: number, N: number) =>
    linearReference({ T: x.length / K, N, K, x, w: weight(name), bias: tensors(`${name}.bias`) });
  const embedding = weight('model.embed_tokens');
  const x = new Float32Array(T * C);
  tokens.forEach((id, t) => x.set(embedding.subarray(id * C, (id + 1) * C), t * C));
  const add = (y: Float32Array) => y.forEach((v, i) => (x[i]! += v));

  for (let l = 0; l < L; l++) {
    const name = (rest: string) => `model.layers.${l}.${rest}`;
    const h = rmsnormReference(x, weight(name('input_layernorm')), spec.rmsNormEps);
    const q = linear(name('self_attn.q_proj'), h, C, H * D);
    const k = linear(name('self_attn.k_proj'), h, C, G * D);
    const v = linear(name('self_attn.v_proj'), h, C, G * D);
    for (const [heads, which] of [
      [q, 'q_norm'],
      [k, 'k_norm'],
    ] as const) {
      const width = heads.length / T;
      if (spec.qkNorm)
        heads.set(rmsnormReference(heads, weight(name(`self_attn.${which}`)), spec.rmsNormEps));
      for (let at = 0; at < heads.length; at += D) {
        ropeReference(heads.subarray(at, at + D), Math.floor(at / width), invFreq);
      }
    }
    add(linear(name('self_attn.o_proj'), attend({ T, H, G, D }, q, k, v), H * D, C));
    const h2 = rmsnormReference(x, weight(name('post_attention_layernorm')), spec.rmsNormEps);
    const gate = linear(name('mlp.gate_proj'), h2, C, F);
    const up = linear(name('mlp.up_proj'), h2, C, F);
    const pairs = Float32Array.from({ length: 2 * T * F }, (_, i) => (i % 2 ? up : gate)[i >> 1]!);
    add(linear(name('mlp.down_proj'), siluMulReference(pairs), F, C));
  }
  const last = rmsnormReference(x.slice(-C), weight('model.norm'), spec.rmsNormEps);
  return linear(spec.tied ? 'model.embed_tokens' : 'lm_head', last, C, V);
}

/** Lays rows out as the attention twin wants them: q, k, v side by side, and the cache by KV head. */
function attend(
  shape: { readonly T: number; readonly H: number; readonly G: number; readonly D: number },
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
): Float32Array {
  const { T, H, G, D } = shape;
  const qkv = new Float32Array(T * (H + 2 * G) * D);
  for (let t = 0; t < T; t++) qkv.set(q.subarray(t * H * D, (t + 1) * H * D), t * (H + 2 * G) * D);
  const byHead = (rows: Float32Array): Float32Array => {
    const out = new Float32Array(rows.length);
    rows.forEach((value, i) => {
      const [t, g, d] = [Math.floor(i / (G * D)), Math.floor(i / D) % G, i % D];
      out[(g * T + t) * D + d] = value;
    });
    return out;
  };
  const lengths = new Array<number>(G).fill(0);
  return attentionReference({ ...shape, capacity: T, lengths, qkv, k: byHead(k), v: byHead(v) });
}
