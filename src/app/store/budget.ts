/**
 * What the settings come to in tokens, before a prompt is read. The page may not import the engine, so this is its plan
 * (engine/kv/reading-plan.ts) once more, for FastKV alone; a test holds one against the other.
 */
import type { KvSettings, SelectionReport } from '../../protocol';

/** Of a prompt of `tokens` tokens. */
export interface Outlook {
  readonly tokens: number;
  /** Why nothing would be let go; undefined where something is. */
  readonly whole: 'mode' | 'floor' | 'window' | undefined;
  /** Tokens that go on past T. */
  readonly propagated: number;
  /** Entries that each KV head keeps, in the layer that keeps the fewest. */
  readonly kept: number;
}

export function outlookFor(settings: KvSettings, layers: number, tokens: number): Outlook {
  const { window, floor, turnMode } = settings;
  const { propagated, kept } = reduced(settings, layers, tokens);
  const all = (whole: Outlook['whole']): Outlook => ({ tokens, whole, propagated: tokens, kept: tokens });
  if (turnMode === 'full') return all('mode');
  if (tokens < floor) return all('floor');
  // A budget that could not even hold the tokens which score the others is none.
  if (Math.min(propagated, kept) < window) return all('window');
  return { tokens, whole: undefined, propagated, kept };
}

function reduced(settings: KvSettings, layers: number, tokens: number) {
  const { retain, tspRate, capacity, tspLength } = settings;
  const constant = settings.budget === 'constant';
  const T = Math.min(settings.tspLayer ?? Math.max(0, Math.floor(layers / 2) - 1), layers - 1);
  const isLast = T >= layers - 1;
  const upTo = constant ? capacity : Math.trunc(tokens * retain);
  const wanted = constant ? tspLength : Math.trunc(tokens * tspRate);
  const propagates = !isLast && (constant || tspRate < 1) && tokens >= upTo && tokens > wanted;
  const propagated = propagates ? wanted : tokens;
  const past = constant ? capacity : Math.trunc(propagated * (retain / tspRate));
  return { propagated, kept: Math.min(tokens, upTo, isLast ? upTo : Math.min(propagated, past)) };
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
