/** What the settings come to in tokens, before a prompt is read and after. */
import { planReading, type ReadingPlan } from '../../engine/kv/reading-plan';
import type { KvSettings, SelectionReport } from '../../protocol';

/** Of a prompt of `tokens` tokens. */
export interface Outlook extends Pick<ReadingPlan, 'whole' | 'propagated'> {
  readonly tokens: number;
  /** Entries that each KV head keeps, in the layer that keeps the fewest. */
  readonly kept: number;
}

export function outlookFor(settings: KvSettings, layers: number, tokens: number): Outlook {
  // Which of them slide says where T is, and the page's settings have theirs.
  const all = new Array<{ window: undefined }>(layers).fill({ window: undefined });
  const { propagated, kept, whole } = planReading(settings, all, tokens);
  return { tokens, whole, propagated, kept: Math.min(...kept) };
}

/** Entries that no score can win: the window, and the protected start as far as it is known. */
export function alwaysKept({ window, protectFirst, protectHeader }: KvSettings, start: number): number {
  return window + Math.max(protectFirst, protectHeader ? start : 0);
}

/**
 * Tokens at the start that every layer and KV head kept: the system part of the template, as a rule. A generous budget
 * keeps more of the start than it must, so that nothing is read off one.
 */
export function keptStart({ promptTokens, kept }: SelectionReport): number {
  const lists = (kept ?? []).flat();
  const least = Math.min(...lists.map(({ length }) => length));
  return least * 4 > promptTokens ? 0 : Math.min(...lists.map(runFromStart));
}

/** Length of 0, 1, 2, … at the beginning of ascending positions. */
function runFromStart(positions: Uint32Array): number {
  const end = positions.findIndex((position, index) => position !== index);
  return end < 0 ? positions.length : end;
}

/** The first and the last tokens, where nothing between them was kept by any layer and head; else undefined. */
export function onlyEndsKept({ promptTokens, kept }: SelectionReport) {
  if (kept === undefined) return undefined;
  const positions = Uint32Array.from(new Set(kept.flat().flatMap((list) => [...list]))).sort();
  const first = runFromStart(positions);
  const last = runFromStart(positions.map((position) => promptTokens - 1 - position).reverse());
  return first + last === positions.length && first + last < promptTokens ? { first, last } : undefined;
}
