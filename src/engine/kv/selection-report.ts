import type { SelectionReport } from '../../protocol';
import type { ReadingPlan } from './reading-plan';
import type { Selected } from './selecting';

/** A reading that went through: its plan, and what was selected, which is undefined in policy full. */
export interface ReadTurn {
  readonly plan: ReadingPlan;
  readonly selected: Selected | undefined;
}

/** Layers that kept all they saw are spelled out, unless all of them did. */
export function reportOf({ plan, selected }: ReadTurn, G: number): SelectionReport {
  const { N, lowerLayers } = plan;
  const propagated = selected?.propagated;
  const keptAll = !selected || (!propagated && selected.kept.every((layer) => layer === undefined));
  const seen = (l: number) =>
    l >= lowerLayers && propagated ? propagated : Uint32Array.from({ length: N }, (_, i) => i);
  const kept = keptAll
    ? undefined
    : selected.kept.map((layer, l) => layer ?? Array.from({ length: G }, () => seen(l)));
  return { promptTokens: N, tspLayer: selected?.tspLayer, propagated, kept };
}

/**
 * Share of the window's attention mass at T that falls on tokens which the turn before propagated. Undefined without
 * propagation in both turns, or when less than half of the prompt before is still there (`common` tokens at the start).
 */
export function coverageOf(
  turn: ReadTurn,
  before: ReadTurn | undefined,
  common: number,
  H: number,
): number | undefined {
  const mass = turn.selected?.mass;
  const propagated = before?.selected?.propagated;
  if (!mass || !propagated || 2 * common < before.plan.N) return undefined;
  const covered = propagated.reduce((sum, p) => (p < common ? sum + mass[p]! : sum), 0);
  return covered / (H * turn.plan.scorer!.window);
}
