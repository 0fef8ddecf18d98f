/**
 * The forward pass of a Llama-type decoder, in the order in which it runs; names as in the checkpoint. Where norms stand
 * behind attention and MLP, o_proj and down_proj leave x as it is, and the norm after each adds to it.
 * What each line computes is in the kernel's shader; who makes the lines is `layers.ts`.
 */
import type { Step } from '../kernels/kernel';
import type { Op, Phase } from './ops';

export interface DecoderLayer {
  readonly input_layernorm: Op; // x [T,C] -> h [T,C]; of families without it, nothing, and h is x
  readonly qkv_proj: Op; // h -> qkv [T,H+2G,D]
  readonly kv_proj: Op; // the same, without q
  readonly rope_append: Op; // q, k norm and RoPE; k, v -> cache
  readonly self_attn: Op; // qkv, cache -> attn [T,H,D]
  readonly o_proj: Op; // x += attn o^T
  readonly post_attention_layernorm: Op; // x -> h; behind attention: x += norm(h)
  readonly pre_feedforward_layernorm: Op; // x -> h, where post_attention_layernorm stands behind attention, or nothing
  readonly gate_up_proj: Op; // h -> act [T,F] = silu(gate) * up
  readonly down_proj: Op; // x += act down^T
  readonly post_feedforward_layernorm: Op; // nothing; behind the MLP: x += norm(h)
}

export interface DecoderHead {
  readonly norm: Op; // the last row of x -> h [1,C]
  readonly lm_head: Op; // h -> logits [V]
  readonly sample: Op; // logits -> ids [1]
}

export interface Decoder {
  readonly embed_tokens: Op; // ids [T] -> x [T,C]
  readonly layers: readonly DecoderLayer[]; // [L]
  readonly head: DecoderHead;
}

/** One layer for the rows of `step`, in place on x. */
export function encodeLayer(
  pass: GPUComputePassEncoder,
  layer: DecoderLayer,
  step: Step,
  phase: Phase,
): void {
  layer.input_layernorm.encode(pass, step, phase);
  layer.qkv_proj.encode(pass, step, phase);
  layer.rope_append.encode(pass, step, phase);
  layer.self_attn.encode(pass, step, phase);
  layer.o_proj.encode(pass, step, phase);
  layer.post_attention_layernorm.encode(pass, step, phase);
  layer.pre_feedforward_layernorm.encode(pass, step, phase);
  layer.gate_up_proj.encode(pass, step, phase);
  layer.down_proj.encode(pass, step, phase);
  layer.post_feedforward_layernorm.encode(pass, step, phase);
}

/** The part of a layer that later tokens need: all that a layer has to do for rows that end there. */
export function encodeKeysAndValues(
  pass: GPUComputePassEncoder,
  layer: DecoderLayer,
  step: Step,
  withQueries: boolean,
): void {
  layer.input_layernorm.encode(pass, step, 'prefill');
  (withQueries ? layer.qkv_proj : layer.kv_proj).encode(pass, step, 'prefill');
  layer.rope_append.encode(pass, step, 'prefill');
}

/** Logits of the last row, and the token drawn from them. Always the decode kernels: it is one row. */
export function encodeHead(
  pass: GPUComputePassEncoder,
  { norm, lm_head, sample }: DecoderHead,
  step: Step,
): void {
  norm.encode(pass, step, 'decode');
  lm_head.encode(pass, step, 'decode');
  sample.encode(pass, step, 'decode');
}

/** One token through everything: decoding's whole step, in one pass. */
export function encodeToken(pass: GPUComputePassEncoder, decoder: Decoder, step: Step): void {
  decoder.embed_tokens.encode(pass, step, 'decode');
  for (const layer of decoder.layers) encodeLayer(pass, layer, step, 'decode');
  encodeHead(pass, decoder.head, step);
}
