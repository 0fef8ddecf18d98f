/** What a turn will take on the GPU, before anything is allocated: by the sizes that the allocating code uses. */
import type { KvSettings, StorageDtype } from '../../protocol';
import { uniformBytes } from '../gpu/uniforms';
import { scratchFloats } from '../models/layers';
import type { ModelSpec } from '../models/spec';
import { mostRows, residualRows, tiling } from '../prefill';
import { roundUp } from '../shapes';
import { capacityFor, entryBytes } from './layers';
import { planReading, policyOf } from './reading-plan';
import { rowsFor } from './row-pages';
import { selectingFloats } from './selecting';

export interface MemoryQuestion {
  /** Tokens of the prompt. */
  readonly N: number;
  /** Entries reserved for the answer. */
  readonly answer: number;
  readonly dtype: StorageDtype;
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

/** Bytes of a model's weights as they lie on the GPU: matrices in `dtype`, norms and biases as f32. */
export function weightsBytes(spec: ModelSpec, dtype: StorageDtype): number {
  const { L, H, G, D, C, F, V } = spec;
  const rows = (H + 2 * G) * D;
  const matrices = rows * C + C * H * D + 3 * F * C;
  const biases = (spec.qkvBias ? rows : 0) + (spec.oBias ? C : 0) + (spec.mlpBias ? 2 * F + C : 0);
  const vectors = 2 * C + (spec.qkNorm ? 2 * D : 0) + biases;
  const size = dtype === 'f16' ? 2 : 4;
  return L * (size * matrices + 4 * vectors) + size * V * C * (spec.tied ? 1 : 2) + 4 * C;
}

/** A first turn. */
export function planMemory(spec: ModelSpec, settings: KvSettings, question: MemoryQuestion): MemoryPlan {
  const { N, answer, dtype } = question;
  const { L, G, D, C } = spec;
  const plan = planReading(settings, L, N);
  const { kept, lowerLayers, propagated, scorer } = plan;
  const mode = policyOf(settings).name === 'full' ? 'full' : settings.turnMode;
  const rowBytes = G * entryBytes(D, dtype);
  // Keys, values, and how many entries each head keeps.
  const layer = (entries: number) => capacityFor(entries) * rowBytes + roundUp(4 * G, 16);
  const upper = L - lowerLayers;
  const hot = scorer
    ? lowerLayers * layer(kept[0]! + answer) + upper * layer(kept[L - 1]! + answer)
    : L * layer(N + answer);
  const hidden = upper > 0 ? rowsFor(N) * C * (dtype === 'f16' ? 2 : 4) : 0;
  const trunk = mode === 'exact' ? lowerLayers * layer(N) + hidden : 0;
  const scratchLayer = mode === 'full' ? 0 : mode === 'lean' ? layer(N) : upper > 0 ? layer(propagated) : 0;
  const tiled = tiling({ spec, plan, cached: 0, rows: mostRows(spec) }, mode === 'lean');
  const residual = rowsFor(residualRows(tiled, plan, 0)) * 4 * C;
  const selecting = scorer ? 4 * selectingFloats(spec, { ...plan, scorer }) : 0;
  const tile = 4 * Object.values(scratchFloats(spec, mostRows(spec))).reduce((a, b) => a + b, 0);
  const uniforms = uniformsBytes(L, scorer !== undefined);
  const bytes = {
    weightsBytes: weightsBytes(spec, dtype),
    hotBytes: hot,
    trunkBytes: trunk,
    scratchBytes: tile + scratchLayer + residual + selecting + uniforms,
  };
  return { ...bytes, peakBytes: Object.values(bytes).reduce((a, b) => a + b, 0) };
}
