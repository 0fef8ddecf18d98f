/**
 * How one prompt will be read and what will stay of it, known before the first tile: sizes alone, no scores. Pure, and seen by
 * the page too, whose sliders say what they come to while they are dragged.
 */
import type { KvSettings, TurnMode } from '../../protocol';
import type { LayerSpec } from '../models/spec';
import type { Scorer } from './policy';
import { POLICIES } from './policies';

export interface ReadingPlan {
  /** Tokens of the prompt. */
  readonly N: number;
  /** Layers that see every token, T + 1; L where the policy propagates nothing. Does not depend on N. */
  readonly lowerLayers: number;
  /** Tokens that layers past T see; N where all go on. */
  readonly propagated: number;
  /** Entries that each KV head keeps, window and protected ones included. [L] */
  readonly kept: readonly number[];
  /** Undefined: decoding reads what prefill wrote, and nothing is selected. */
  readonly scorer: Scorer | undefined;
  /** Tokens at the start that are to stay, as far as a budget has room beside the window. */
  readonly protect: number;
  /** Why all stays; undefined where something may go. */
  readonly whole: 'policy' | 'floor' | 'window' | undefined;
}

/** The paper's and its code's choices; what is ours is off. */
export const PAPER: Omit<KvSettings, 'policy' | 'turnMode' | 'tspLayer'> = {
  retain: 0.1,
  tspRate: 0.2,
  pooling: 'max',
  window: 8,
  kernel: 7,
  budget: 'proportional',
  capacity: 512,
  tspLength: 2048,
  protectFirst: 0,
  protectHeader: false,
  floor: 0,
  parkTrunk: false,
};

/** What the page begins with: the paper's choices, and ours, which keep short chats and system prompts whole. */
export const PAGE: Omit<KvSettings, 'tspLayer'> = {
  ...PAPER,
  policy: 'fastkv',
  turnMode: 'exact',
  protectFirst: 4,
  protectHeader: true,
  floor: 256,
};

type Layers = readonly Pick<LayerSpec, 'window'>[];

/** The published choices of T all equal L/2 - 1. */
const middleLayer = (L: number): number => Math.max(0, Math.floor(L / 2) - 1);

/**
 * T where neither model nor calibration says: the published choice, or of a model some of whose layers slide, the nearest that
 * does not. At one that slides, the window's queries score no token before their sight, and all of those would be lost to the
 * layers past T.
 */
export function defaultTspLayer(layers: Layers): number {
  const usual = middleLayer(layers.length);
  const whole = [...layers.keys()].filter((l) => layers[l]!.window === undefined);
  const distance = (l: number) => Math.abs(l - usual);
  return whole.reduce((best, l) => (distance(l) < distance(best) ? l : best), whole[0] ?? usual);
}

/** Turn mode full is policy full, whatever the policy's settings. */
export const policyOf = ({ policy, turnMode }: KvSettings) => POLICIES[turnMode === 'full' ? 'full' : policy];

/** And policy full is turn mode full. */
export const turnModeOf = (settings: KvSettings): TurnMode =>
  policyOf(settings).name === 'full' ? 'full' : settings.turnMode;

/**
 * What happens to a prompt of N tokens in a model of these layers; `header` tokens at its start are the chat template's system
 * part. Nothing is compressed below the floor: fewer tokens than `settings.floor`, or a budget that could not even hold
 * the window (where the published code fails). As in that code, N below the budget of T switches propagation off too.
 */
export function planReading(settings: KvSettings, layers: Layers, N: number, header = 0): ReadingPlan {
  const L = layers.length;
  const tspLayer = Math.min(settings.tspLayer ?? defaultTspLayer(layers), L - 1);
  const { scorer, budget, propagation } = policyOf(settings).roles({ ...settings, tspLayer }, L);
  const lowerLayers = (propagation?.layer ?? L - 1) + 1;
  const keepAll = (whole: ReadingPlan['whole']): ReadingPlan => ({
    ...{ N, lowerLayers, propagated: N, kept: new Array<number>(L).fill(N) },
    ...{ scorer, protect: 0, whole },
  });
  if (!scorer) return keepAll('policy');
  if (N < settings.floor) return keepAll('floor');
  const wanted = propagation?.length(N) ?? N;
  const reduces = propagation !== undefined && N >= budget(N, propagation.layer) && N > wanted;
  const propagated = reduces ? wanted : N;
  const seen = (l: number) => (propagation && l > propagation.layer ? propagated : N);
  const kept = Array.from({ length: L }, (_, l) => Math.min(seen(l), budget(seen(l), l)));
  if (propagated < scorer.window || kept.some((entries) => entries < scorer.window)) return keepAll('window');
  const protect = Math.max(settings.protectFirst, settings.protectHeader ? header : 0);
  return { N, lowerLayers, propagated, kept, scorer, protect, whole: undefined };
}
