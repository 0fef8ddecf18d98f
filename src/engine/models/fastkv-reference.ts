/**
 * FastKV on the CPU, the whole model, slow and plain: the specification that the engine's reading and decoding are tested
 * against. arXiv:2502.01068 and its published code, put together from the reference of the forward pass, of scoring and of
 * selecting.
 */
import type { KvSettings } from '../../protocol';
import { planReading, type ReadingPlan } from '../kv/reading-plan';
import {
  poolScoresReference,
  selectTopReference,
  sumRows,
  windowScoresReference,
} from '../kv/score-reference';
import { referenceModel, type ReferenceModel, type Tensors } from './reference';
import { attendRows, type KeysValues } from './reference-math';
import { attentionOf, type ModelSpec } from './spec';

export interface FastkvReading {
  readonly plan: ReadingPlan;
  /** Of the last token of the prompt. [V] */
  readonly logits: Float32Array;
  /** Original positions that went on past T, ascending; undefined where all did. */
  readonly propagated: readonly number[] | undefined;
  /** Attention of the window at T, summed over all heads: what propagation pools. Undefined where all went on. [N] */
  readonly mass: Float32Array | undefined;
  /** Original positions in the cache after prefill, ascending. [L][G] */
  readonly kept: readonly (readonly (readonly number[])[])[];
  /** What the selection of each layer went by, over the tokens that the layer saw; undefined where none was made. [L] of [G, N] */
  readonly scores: readonly (Float32Array | undefined)[];
  /** What decoding reads. [L] */
  readonly cache: KeysValues[];
  /** Appends one token, at position N and on, to the cache. Its logits. [V] */
  next(token: number): Float32Array;
}

export interface FastkvOptions {
  /** Tokens of the template's system part. */
  readonly header?: number;
  /** Tokens that prompt and answer may reach together; default N. */
  readonly length?: number;
  /** Layer T runs whole and its rows are gathered at its end, as in the published code. Otherwise before its attention. */
  readonly gatherAfterMlp?: boolean;
  /** Stay and go on whatever the scores say: where equal scores meet a cut, another program may choose others of them. */
  readonly chosen?: Pick<FastkvReading, 'kept' | 'propagated'>;
}

/** Reads `tokens` [N] as `settings` say. Prefill attends to all keys of the tokens that a layer sees. */
export function fastkvReference(
  spec: ModelSpec,
  tensors: Tensors,
  tokens: readonly number[],
  settings: KvSettings,
  { header = 0, length = tokens.length, gatherAfterMlp = false, chosen }: FastkvOptions = {},
): FastkvReading {
  const { L, H, G, D, C } = spec;
  const N = tokens.length;
  const model = referenceModel(spec, tensors, length);
  const plan = planReading(settings, spec.layers, N, header);
  const cache: KeysValues[] = [];
  const kept: number[][][] = [];
  const scores: (Float32Array | undefined)[] = [];
  let propagated: readonly number[] | undefined;
  let mass: Float32Array | undefined;
  let positions: readonly number[] = tokens.map((_, t) => t);
  let x = model.embed(tokens);

  for (let l = 0; l < L; l++) {
    const { q, kv } = model.project(l, x, positions);
    const selection = {
      ...selectLayer(spec, plan, l, q, kv, positions),
      ...(chosen && rowsOf(chosen, l, plan, positions)),
    };
    cache.push(pickEntries(kv, selection.kept, D));
    kept.push(selection.kept.map((slots) => slots.map((slot) => positions[slot]!)));
    scores.push(selection.scores);
    mass ??= selection.mass;

    // After the last layer only the last row is asked for. Rows see by their original positions.
    const every = [...positions.keys()];
    const onward = l === L - 1 ? [every.length - 1] : (selection.onward ?? every);
    const rows = gatherAfterMlp ? every : onward;
    x = pickRows(x, rows, C);
    const own = rows.map((row) => positions[row]!);
    const asking = { q: pickRows(q, rows, H * D), positions: own };
    model.finish(l, x, attendRows({ H, G, D, ...attentionOf(spec, l), ...asking, kv }));
    if (gatherAfterMlp) x = pickRows(x, onward, C);
    positions = onward.map((row) => positions[row]!);
    if (selection.onward) propagated = positions;
  }
  let position = N;
  return {
    plan,
    logits: model.logits(x),
    propagated,
    mass,
    kept,
    scores,
    cache,
    next: (token) => decodeReference(model, cache, token, position++),
  };
}

/** One token over the cache [L], which grows by its entry in every layer. Its logits. [V] */
export function decodeReference(
  model: ReferenceModel,
  cache: KeysValues[],
  token: number,
  position: number,
): Float32Array {
  const { L, G } = model.spec;
  const x = model.embed([token]);
  for (let l = 0; l < L; l++) {
    const { q, kv } = model.project(l, x, [position]);
    const grown = appendEntries(cache[l]!, kv, G);
    cache[l] = grown;
    const asking = { q, positions: [position], kv: grown };
    model.finish(l, x, attendRows({ ...model.spec, ...attentionOf(model.spec, l), ...asking }));
  }
  return model.logits(x);
}

/** Share of the window's attention at T that falls on these positions. `mass` is of FastkvReading. From 0 to 1. */
export function coverageReference(mass: Float32Array, positions: readonly number[]): number {
  return positions.reduce((sum, p) => sum + mass[p]!, 0) / mass.reduce((sum, value) => sum + value, 0);
}

/** Of one layer; rows are counted among the tokens that it sees. */
interface LayerSelection {
  /** Rows that stay, ascending. [G] */
  readonly kept: readonly (readonly number[])[];
  /** Pooled and summed over each group. [G, N] */
  readonly scores?: Float32Array;
  /** At T: rows that go on, ascending, and every row's attention from the window. */
  readonly onward?: readonly number[];
  readonly mass?: Float32Array;
}

function selectLayer(
  spec: ModelSpec,
  plan: ReadingPlan,
  l: number,
  q: Float32Array,
  kv: KeysValues,
  positions: readonly number[],
): LayerSelection {
  const { H, G, D } = spec;
  const { S: N, k } = kv;
  const { scorer, protect } = plan;
  const propagates = l === plan.lowerLayers - 1 && plan.propagated < N;
  const take = plan.kept[l]!;
  if (!scorer || (take === N && !propagates)) {
    const every = Array.from({ length: N }, (_, row) => row);
    return { kept: new Array<number[]>(G).fill(every) };
  }
  const { window } = scorer;
  const asking = q.subarray((N - window) * H * D);
  const how = { ...attentionOf(spec, l), positions };
  const raw = windowScoresReference({ H, G, D, N, window, ...how, q: asking, capacity: N, k });
  const scores = poolScoresReference({ H, G, N }, scorer, raw);
  const select = (count: number, by: Float32Array) => [
    ...selectTopReference({ N, window, protect, take: count }, by),
  ];
  const kept = Array.from({ length: G }, (_, g) => select(take, scores.subarray(g * N, (g + 1) * N)));
  if (!propagates) return { kept, scores };
  return { kept, scores, onward: select(plan.propagated, sumRows(scores, N)), mass: sumRows(raw, N) };
}

/** What was chosen elsewhere, as rows of layer l, which sees `positions`. */
function rowsOf(
  { kept, propagated }: Pick<FastkvReading, 'kept' | 'propagated'>,
  l: number,
  { lowerLayers }: ReadingPlan,
  positions: readonly number[],
): Pick<LayerSelection, 'kept' | 'onward'> {
  const rows = (chosen: readonly number[]) => chosen.map((position) => positions.indexOf(position));
  return {
    kept: kept[l]!.map(rows),
    ...(propagated && l === lowerLayers - 1 && { onward: rows(propagated) }),
  };
}

/** Rows of `width` values each. */
function pickRows(x: Float32Array, rows: readonly number[], width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => out.set(x.subarray(row * width, (row + 1) * width), i * width));
  return out;
}

/** Each KV head's entries at its own slots [G], which are equally many. */
function pickEntries(kv: KeysValues, slots: readonly (readonly number[])[], D: number): KeysValues {
  const { S, k, v } = kv;
  const rows = slots.flatMap((own, g) => own.map((slot) => g * S + slot));
  const positions = slots.map((own, g) => own.map((slot) => kv.positions[g]![slot]!));
  return { S: slots[0]!.length, k: pickRows(k, rows, D), v: pickRows(v, rows, D), positions };
}

/** Entries of `more` after those of `kv`, in each of G KV heads. */
function appendEntries(kv: KeysValues, more: KeysValues, G: number): KeysValues {
  const join = (a: Float32Array, b: Float32Array) => {
    const [before, after] = [a.length / G, b.length / G];
    const out = new Float32Array(a.length + b.length);
    for (let g = 0; g < G; g++) {
      out.set(a.subarray(g * before, (g + 1) * before), g * (before + after));
      out.set(b.subarray(g * after, (g + 1) * after), g * (before + after) + before);
    }
    return out;
  };
  const positions = kv.positions.map((own, g) => [...own, ...more.positions[g]!]);
  return { S: kv.S + more.S, k: join(kv.k, more.k), v: join(kv.v, more.v), positions };
}
