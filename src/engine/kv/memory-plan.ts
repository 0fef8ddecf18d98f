/** What a turn will take on the GPU, before anything is allocated: by the sizes that the allocating code uses. */
import type { KvSettings, MemoryPlan } from '../../protocol';
import { bufferBytes } from '../gpu/buffers';
import { uniformBytes } from '../gpu/uniforms';
import { partFloats } from '../models/layers';
import { scratchFloats } from '../models/scratch';
import type { ModelSpec } from '../models/spec';
import { mostRows, residualRows, tiling } from '../prefill';
import { elementBytes } from '../shapes';
import type { WeightForms } from '../weights/forms';
import { layOut } from '../weights/layout';
import { STRETCH_BYTES } from '../weights/load';
import { ANSWER_ROOM, capacityFor, entryBytes } from './layers';
import { planReading, turnModeOf, type ReadingPlan } from './reading-plan';
import { rowsFor } from './row-pages';
import { selectingFloats } from './selecting';

export interface MemoryQuestion extends WeightForms {
  /** Tokens of the prompt. */
  readonly N: number;
  /** Entries for the answer. */
  readonly answer: number;
  /** Of the tensors in their files, which are uploaded in stretches. */
  readonly storedBytes: number;
}

const sum = (parts: readonly number[]): number => parts.reduce((a, b) => a + b, 0);
const floatBytes = (counts: readonly number[]): readonly number[] =>
  counts.map((count) => bufferBytes(4 * count));

/** Bytes of a model's weights as they lie on the GPU, counted by the code that lays them out. */
export function weightsBytes(spec: ModelSpec, forms: WeightForms): number {
  let bytes = 0;
  const counter = {
    storage: (_kind: string, _label: string, asked: number) => {
      bytes += bufferBytes(asked);
      return {} as GPUBuffer; // that nobody uses
    },
  };
  layOut(spec, counter, forms, Infinity);
  return bytes;
}

/** Buffers of hot cache, trunk and one layer's scratch, for `answer` entries after the prompt. Bytes. */
function cacheBytes(spec: ModelSpec, settings: KvSettings, plan: ReadingPlan, question: MemoryQuestion) {
  const { L, G, D, C, layers } = spec;
  const { dtype } = question;
  const { N, kept, lowerLayers, propagated, scorer } = plan;
  const upper = L - lowerLayers;
  const mode = turnModeOf(settings);
  /** Keys (or values) of one layer, the one part of a conversation that no binding limit splits. */
  const keys = (entries: number) => bufferBytes((capacityFor(entries) * G * entryBytes(D, dtype)) / 2);
  // Keys, values, and how many entries each head keeps.
  const layer = (entries: number) => 2 * keys(entries) + bufferBytes(4 * G);
  /** Of what a layer that slides kept, positions too. */
  const positions = (from: number, to: number, entries: number) =>
    layers.slice(from, to).filter(({ window }) => window !== undefined).length *
    bufferBytes(4 * G * capacityFor(entries));
  const hot = (from: number, to: number, entries: number) =>
    (to - from) * layer(entries) + positions(from, to, entries);
  const hidden = upper > 0 ? rowsFor(N) * C * elementBytes(dtype) : 0;
  const scratchRows = mode === 'lean' ? N : mode === 'exact' && upper > 0 ? propagated : 0;
  const longest = scorer ? Math.max(...kept) : N;
  return {
    layer,
    longest,
    hot: (answer: number) =>
      scorer
        ? hot(0, lowerLayers, kept[0]! + answer) + hot(lowerLayers, L, kept[L - 1]! + answer)
        : L * layer(N + answer),
    trunk: mode === 'exact' ? lowerLayers * layer(N) + hidden : 0,
    scratch: scratchRows > 0 ? layer(scratchRows) : 0,
    largest: keys(Math.max(longest + question.answer, mode === 'exact' ? N : scratchRows)),
  };
}

/** Scratch that lives as long as the model, and what each phase adds to it. Bytes. */
function scratchBytes(spec: ModelSpec, settings: KvSettings, plan: ReadingPlan) {
  const { L, C } = spec;
  const { scorer } = plan;
  const rows = mostRows(spec);
  const tile = floatBytes(Object.values(scratchFloats(spec, rows)));
  const selecting = scorer ? floatBytes(selectingFloats(spec, { ...plan, scorer })) : [];
  const tiled = tiling({ spec, plan, cached: 0, rows }, turnModeOf(settings) === 'lean');
  // A uniform for each dispatch.
  const forWeights = spec.norms === 'both' ? 10 : 8;
  const forNorms = spec.qkNorm === 'all' ? 1 : 0;
  const forPositions = spec.layers.filter(({ window }) => window !== undefined).length;
  const decoding = uniformBytes((3 + forNorms) * L);
  return {
    always: sum(tile) + uniformBytes(forWeights * L + 5),
    reading:
      rowsFor(residualRows(tiled, plan, 0)) * 4 * C +
      sum(selecting) +
      uniformBytes(((scorer ? 9 : 2) + forNorms) * L + (scorer ? forPositions : 0)) +
      decoding, // of the turn before
    writing: (entries: number) => decoding + sum(floatBytes([partFloats(spec, capacityFor(entries))])),
    largest: Math.max(...tile, ...selecting),
  };
}

/**
 * A first turn of N tokens. A follow-up that makes the conversation N tokens long needs no more, but for what growing takes:
 * one layer's old keys and values beside its new ones, at a time when nothing is read yet.
 */
export function planMemory(spec: ModelSpec, settings: KvSettings, question: MemoryQuestion): MemoryPlan {
  const { N, answer, storedBytes } = question;
  const plan = planReading(settings, spec.layers, N);
  const weights = weightsBytes(spec, question);
  const cache = cacheBytes(spec, settings, plan, question);
  const scratch = scratchBytes(spec, settings, plan);
  const read = scratch.always + scratch.reading + cache.scratch;
  const entries = cache.longest + answer;
  const grows = answer > ANSWER_ROOM ? cache.layer(entries) : 0;
  const phases = {
    loading: scratch.always + Math.min(STRETCH_BYTES, storedBytes),
    reading: read + cache.trunk + cache.hot(Math.min(answer, ANSWER_ROOM)),
    writing: scratch.always + scratch.writing(entries) + cache.trunk + cache.hot(answer) + grows,
  };
  return {
    weightsBytes: weights,
    hotBytes: cache.hot(answer),
    trunkBytes: cache.trunk,
    scratchBytes: read,
    peakBytes: weights + Math.max(...Object.values(phases)),
    fullBytes: spec.L * cache.layer(N + answer),
    largestBufferBytes: Math.max(cache.largest, scratch.largest),
  };
}
