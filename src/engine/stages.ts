/** A prefill as a list of stages, layer by layer, and how much work each is. Pure: sizes alone. */
import type { ReadingPlan } from './kv/reading-plan';
import type { ModelSpec } from './models/spec';

/** Rows that go through layers together: new tokens of the prompt, or the ones that were propagated. */
export interface Sequence {
  readonly part: 'lower' | 'upper';
  readonly rows: number;
  /** Place of row 0 in the layer's cache. */
  readonly start: number;
}

/**
 * One layer for one sequence.
 *   layer     all of it
 *   keys      keys and values, and the window's queries: all that T, and the last layer, have to do for most rows
 *   selected  T for the propagated rows: queries, attention over all keys, MLP. The published code gathers at T's end;
 *             what comes after attention is done row by row, so gathering first gives the same for less work
 *   last      the last layer for the last row
 */
export interface Stage {
  readonly kind: 'layer' | 'keys' | 'selected' | 'last';
  readonly l: number;
  readonly sequence: Sequence;
  /** Whether the layer's hot cache is filled after this stage. */
  readonly selects: boolean;
}

/** T; undefined where every layer sees every token. */
export const tspLayerOf = ({ lowerLayers }: ReadingPlan, L: number): number | undefined =>
  lowerLayers < L ? lowerLayers - 1 : undefined;

/** What has to be done for a prompt of which `cached` tokens are in the trunk. */
export function stagesOf(L: number, plan: ReadingPlan, cached: number): Stage[] {
  const lower: Sequence = { part: 'lower', rows: plan.N - cached, start: cached };
  const upper: Sequence = { part: 'upper', rows: plan.propagated, start: 0 };
  const T = tspLayerOf(plan, L);
  const selects = plan.scorer !== undefined;
  const stages: Stage[] = [];
  for (let l = 0; l < L; l++) {
    const sequence = T !== undefined && l > T ? upper : lower;
    if (l === T) {
      stages.push(
        { kind: 'keys', l, sequence, selects },
        { kind: 'selected', l, sequence: upper, selects: false },
      );
    } else if (l === L - 1) {
      stages.push({ kind: 'keys', l, sequence, selects }, { kind: 'last', l, sequence, selects: false });
    } else {
      stages.push({ kind: 'layer', l, sequence, selects });
    }
  }
  return stages;
}

type Sizes = Pick<ModelSpec, 'C' | 'H' | 'G' | 'D' | 'F' | 'layers'>;

/** Multiply-adds of rows t0..end of a stage, linear parts and attention. */
export function tileWork(spec: Sizes, { N }: ReadingPlan, stage: Stage, t0: number, end: number): number {
  const { C, H, G, D, F } = spec;
  const rows = end - t0;
  const [from, to] = [stage.sequence.start + t0, stage.sequence.start + end];
  const q = C * H * D;
  const kv = 2 * C * G * D;
  const afterAttention = H * D * C + 3 * C * F;
  const { window = Infinity } = spec.layers[stage.l]!;
  const attention = (seen: number) => 2 * H * D * Math.min(seen, window);
  switch (stage.kind) {
    case 'keys':
      return rows * kv;
    case 'selected':
      // Which rows they are is not known yet: spread evenly, they see half of the prompt on average.
      return rows * (q + afterAttention + attention(N / 2));
    case 'layer':
    case 'last':
      return rows * (q + kv + afterAttention + attention((from + to) / 2));
  }
}

/** Tokens that layer l sees. */
export const seenBy = ({ N, lowerLayers, propagated }: ReadingPlan, l: number): number =>
  l < lowerLayers ? N : propagated;

/** Whether layer l's tokens have to be scored: for what it keeps, or for what goes on past it. */
export function scores(plan: ReadingPlan, l: number): boolean {
  if (!plan.scorer) return false;
  const propagates = l === plan.lowerLayers - 1 && plan.propagated < plan.N;
  return plan.kept[l]! < seenBy(plan, l) || propagates;
}

/** Multiply-adds of scoring layer l, twice over the keys, and about as much as that for pooling and selecting. */
export function selectionWork({ H, G, D }: Sizes, plan: ReadingPlan, l: number): number {
  if (!scores(plan, l)) return 0;
  const { window, kernel } = plan.scorer!;
  return seenBy(plan, l) * (2 * window * H * D + kernel * H + 16 * G);
}

/** Multiply-adds of a whole prefill. */
export function readingWork(spec: Sizes & Pick<ModelSpec, 'L'>, plan: ReadingPlan, cached = 0): number {
  return stagesOf(spec.L, plan, cached).reduce((sum, stage) => {
    const { rows } = stage.sequence;
    const t0 = stage.kind === 'last' ? rows - 1 : 0;
    const selecting = stage.selects ? selectionWork(spec, plan, stage.l) : 0;
    return sum + tileWork(spec, plan, stage, t0, rows) + selecting;
  }, 0);
}
