/** KV settings on a command line: the paper's where nothing is said, and what is ours is off. */
import { checkKv, type SettingName } from '../src/engine/kv/check-settings';
import { PAPER } from '../src/engine/kv/reading-plan';
import type { KvSettings } from '../src/protocol';
import { FLAG, readChoice, readNumber, TEXT } from './arguments';

/** Of FastKV alone; policy full asks for none of them. */
const FASTKV_OPTIONS = {
  retain: TEXT,
  'tsp-rate': TEXT,
  'tsp-layer': TEXT,
  pooling: TEXT,
  window: TEXT,
  kernel: TEXT,
  mode: TEXT,
  capacity: TEXT,
  'tsp-length': TEXT,
  'protect-first': TEXT,
  'protect-header': FLAG,
  floor: TEXT,
  'park-trunk': FLAG,
} as const;

export const KV_OPTIONS = { policy: TEXT, 'turn-mode': TEXT, ...FASTKV_OPTIONS } as const;

export const KV_USAGE =
  '[--policy full|fastkv (full, unless a setting of FastKV is given)] [--turn-mode exact|lean|full (exact)] [--retain R (0.1)] [--tsp-rate T (0.2)] ' +
  "[--tsp-layer N (the model's own)] [--pooling max|avg (max)] [--window W (8)] [--kernel K (7)] " +
  '[--mode proportional|constant (proportional)] [--capacity C (512)] [--tsp-length N (2048)] [--protect-first N (0)] ' +
  '[--protect-header] [--floor N (0)] [--park-trunk]';

export type KvValues = {
  readonly [Name in keyof typeof KV_OPTIONS]?:
    ((typeof KV_OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string) | undefined;
};

/** What the reader of a refusal calls a setting. */
const FLAGS = {
  policy: '--policy',
  turnMode: '--turn-mode',
  retain: '--retain',
  tspRate: '--tsp-rate',
  tspLayer: '--tsp-layer',
  pooling: '--pooling',
  window: '--window',
  kernel: '--kernel',
  budget: '--mode',
  capacity: '--capacity',
  tspLength: '--tsp-length',
  protectFirst: '--protect-first',
  protectHeader: '--protect-header',
  floor: '--floor',
  parkTrunk: '--park-trunk',
} as const satisfies Record<SettingName, string>;

const flagOf = (key: SettingName): string => FLAGS[key];

/** Whoever sets what only FastKV has means FastKV. */
const asksForFastkv = (values: KvValues): boolean =>
  Object.keys(FASTKV_OPTIONS).some((name) => values[name as keyof KvValues]) ||
  (values['turn-mode'] !== undefined && values['turn-mode'] !== 'full');

/**
 * The settings that options ask for, checked as far as that goes without a model; `tspLayer` stays undefined where the
 * model decides. Throws `bad-argument`.
 */
export function readKv(values: KvValues, usage: string, fallback: KvSettings['policy'] = 'full'): KvSettings {
  const number = (name: keyof KvValues, otherwise: number): number => {
    const text = values[name];
    return typeof text === 'string' ? readNumber(name, text, usage, false) : otherwise;
  };
  const choice = <Choice extends string>(
    name: keyof KvValues,
    choices: readonly Choice[],
    otherwise: Choice,
  ) => {
    const text = values[name];
    return typeof text === 'string' ? readChoice(name, text, choices, usage) : otherwise;
  };
  // Said outright, policy full ignores the others, so that one script can run both.
  const policy = choice('policy', ['full', 'fastkv'], asksForFastkv(values) ? 'fastkv' : fallback);
  const settings: KvSettings = {
    policy,
    turnMode: choice('turn-mode', ['exact', 'lean', 'full'], 'exact'),
    tspLayer: values['tsp-layer'] === undefined ? undefined : number('tsp-layer', 0),
    retain: number('retain', PAPER.retain),
    tspRate: number('tsp-rate', PAPER.tspRate),
    pooling: choice('pooling', ['max', 'avg'], PAPER.pooling),
    window: number('window', PAPER.window),
    kernel: number('kernel', PAPER.kernel),
    budget: choice('mode', ['proportional', 'constant'], PAPER.budget),
    capacity: number('capacity', PAPER.capacity),
    tspLength: number('tsp-length', PAPER.tspLength),
    protectFirst: number('protect-first', PAPER.protectFirst),
    protectHeader: values['protect-header'] ?? PAPER.protectHeader,
    floor: number('floor', PAPER.floor),
    parkTrunk: values['park-trunk'] ?? PAPER.parkTrunk,
  };
  checkKv(settings, Infinity, flagOf);
  return settings;
}

/** The settings for a model of L layers whose own T is `tspLayer`. Throws `bad-argument` for a layer that it lacks. */
export function kvFor(settings: KvSettings, L: number, own: KvSettings['tspLayer']): KvSettings {
  checkKv(settings, L, flagOf);
  return { ...settings, tspLayer: settings.tspLayer ?? own };
}
