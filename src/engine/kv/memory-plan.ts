/** What a turn will take on the GPU, before anything is allocated: by the sizes that the allocating code uses. */
import type { KvSettings } from '../../protocol';
import { uniformBytes } from '../gpu/uniforms';
import { rowBytes } from '../kernels/affine';
import { scratchFloats } from '../models/layers';
import type { ModelSpec } from '../models/spec';
import { mostRows, residualRows, tiling } from '../prefill';
import { elementBytes, roundUp } from '../shapes';
import { formOf, type WeightForms } from '../weights/forms';
import { capacityFor, entryBytes } from './layers';
import { planReading, turnModeOf } from './reading-plan';
import { rowsFor } from './row-pages';
import { selectingFloats } from './selecting';

export interface MemoryQuestion extends WeightForms {
  /** Tokens of the prompt. */
  readonly N: number;
  /** Entries reserved for the answer. */
  readonly answer: number;
}

/** Bytes, room to grow included. */
export interface MemoryPlan {
  readonly weightsBytes: number;
  /** What decoding reads. */
  readonly hotBytes: number;
  /** What follow-ups need besides; 0 in policy full, whose hot cache is the trunk. */
  readonly trunkBytes: number;
  /** While the prompt is read: tile activations, the residual stream, one layer's K,V, scores. */
  readonly scratchBytes: number;
  readonly peakBytes: number;
}

/** Of the uniforms of every line: those of the weights, of reading and of decoding. */
function uniformsBytes(L: number, selects: boolean): number {
  const lines = { weights: 8 * L + 5, reading: (selects ? 9 : 2) * L, decoding: 3 * L };
  return Object.values(lines).reduce((sum, count) => sum + uniformBytes(count), 0);
}

/** Bytes of a model's weights as they lie on the GPU: matrices in their forms, norms and biases as f32. */
export function weightsBytes(spec: ModelSpec, forms: WeightForms): number {
  const { L, H, G, D, C, F, V } = spec;
  const matrix = (tensor: string, N: number, K: number) => {
    const { values, scales } = rowBytes(K, formOf(forms, tensor, K));
    return N * (values + scales);
  };
  const rows = (H + 2 * G) * D;
  const biases = (spec.qkvBias ? rows : 0) + (spec.oBias ? C : 0) + (spec.mlpBias ? 2 * F + C : 0);
  const vectors = 2 * C + (spec.qkNorm === 'head' ? 2 * D : 0) + biases;
  const [qkv, gateUp] = spec.fused ? ['qkv_proj', 'gate_up_proj'] : ['q_proj', 'gate_proj'];
  let bytes = 4 * C + L * 4 * vectors + matrix('model.embed_tokens', V, C);
  if (!spec.tied) bytes += matrix('lm_head', V, C);
  for (let l = 0; l < L; l++) {
    const layer = `model.layers.${l}`;
    bytes += matrix(`${layer}.self_attn.${qkv}`, rows, C) + matrix(`${layer}.self_attn.o_proj`, C, H * D);
    bytes += matrix(`${layer}.mlp.${gateUp}`, 2 * F, C) + matrix(`${layer}.mlp.down_proj`, C, F);
  }
  return bytes;
}

/** A first turn. */
export function planMemory(spec: ModelSpec, settings: KvSettings, question: MemoryQuestion): MemoryPlan {
  const { N, answer, dtype } = question;
  const { L, G, D, C } = spec;
  const plan = planReading(settings, L, N);
  const { kept, lowerLayers, propagated, scorer } = plan;
  const mode = turnModeOf(settings);
  const rowBytes = G * entryBytes(D, dtype);
  // Keys, values, and how many entries each head keeps.
  const layer = (entries: number) => capacityFor(entries) * rowBytes + roundUp(4 * G, 16);
  const upper = L - lowerLayers;
  const hot = scorer
    ? lowerLayers * layer(kept[0]! + answer) + upper * layer(kept[L - 1]! + answer)
    : L * layer(N + answer);
  const hidden = upper > 0 ? rowsFor(N) * C * elementBytes(dtype) : 0;
  const trunk = mode === 'exact' ? lowerLayers * layer(N) + hidden : 0;
  const scratchLayer = mode === 'full' ? 0 : mode === 'lean' ? layer(N) : upper > 0 ? layer(propagated) : 0;
  const tiled = tiling({ spec, plan, cached: 0, rows: mostRows(spec) }, mode === 'lean');
  const residual = rowsFor(residualRows(tiled, plan, 0)) * 4 * C;
  const selecting = scorer ? 4 * selectingFloats(spec, { ...plan, scorer }) : 0;
  const tile = 4 * Object.values(scratchFloats(spec, mostRows(spec))).reduce((a, b) => a + b, 0);
  const uniforms = uniformsBytes(L, scorer !== undefined);
  const bytes = {
    weightsBytes: weightsBytes(spec, question),
    hotBytes: hot,
    trunkBytes: trunk,
    scratchBytes: tile + scratchLayer + residual + selecting + uniforms,
  };
  return { ...bytes, peakBytes: Object.values(bytes).reduce((a, b) => a + b, 0) };
}
