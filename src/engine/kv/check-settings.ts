/** What KV settings may be: one list of rules, for the engine, which names fields, and for command lines, which name flags. */
import type { KvSettings } from '../../protocol';
import { EngineError } from '../errors';
import { POLICIES } from './policies';

export type SettingName = keyof KvSettings;

interface Rule {
  readonly key: SettingName;
  readonly good: boolean;
  /** How "it has to be ..." goes on. */
  readonly needed: string;
}

/** Queries that the scoring kernels hold at once. */
export const MOST_WINDOW = 64;
/** Tokens that pooling joins at most. */
export const MOST_KERNEL = 63;

const isWhole = (value: number, least: number, most = 2 ** 31 - 1): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
const isShare = (value: number): boolean => value > 0 && value <= 1;

const whole = (key: SettingName, value: number, least: number, most?: number): Rule => ({
  key,
  good: isWhole(value, least, most),
  needed:
    most === undefined ? `a whole number of ${least} or more` : `a whole number from ${least} to ${most}`,
});
const share = (key: SettingName, value: number): Rule => ({
  key,
  good: isShare(value),
  needed: 'above 0 and at most 1',
});
const choice = (key: SettingName, value: string, choices: readonly string[]): Rule => ({
  key,
  good: choices.includes(value),
  needed: `one of ${choices.join(', ')}`,
});

function rulesFor(settings: KvSettings, L: number): readonly Rule[] {
  const { tspLayer, window, kernel, capacity, tspLength, protectFirst, floor } = settings;
  return [
    choice('policy', settings.policy, Object.keys(POLICIES)),
    choice('turnMode', settings.turnMode, ['exact', 'lean', 'full']),
    choice('pooling', settings.pooling, ['max', 'avg']),
    choice('budget', settings.budget, ['proportional', 'constant']),
    share('retain', settings.retain),
    share('tspRate', settings.tspRate),
    ...(tspLayer === undefined ? [] : [layer(tspLayer, L)]),
    whole('window', window, 1, MOST_WINDOW),
    {
      key: 'kernel',
      good: isWhole(kernel, 1, MOST_KERNEL) && kernel % 2 === 1,
      needed: `an odd number from 1 to ${MOST_KERNEL}`,
    },
    whole('capacity', capacity, 1),
    whole('tspLength', tspLength, 1),
    whole('protectFirst', protectFirst, 0),
    whole('floor', floor, 0),
  ];
}

/** Without a model there is no last layer yet. */
const layer = (tspLayer: number, L: number): Rule =>
  L === Infinity
    ? whole('tspLayer', tspLayer, 0)
    : {
        ...whole('tspLayer', tspLayer, 0, L - 1),
        needed: `a whole number from 0 to ${L - 1}, as the model has ${L} layers`,
      };

/**
 * Throws `bad-argument` for settings that no policy and no kernel is made for, in a model of L layers; L = Infinity checks
 * what can be checked before a model is there. `nameOf` is what the reader calls a field.
 */
export function checkKv(
  settings: KvSettings,
  L: number,
  nameOf: (key: SettingName) => string = (key) => key,
): void {
  const broken = rulesFor(settings, L).find(({ good }) => !good);
  if (!broken) return;
  const { key, needed } = broken;
  throw new EngineError(
    'bad-argument',
    `${nameOf(key)} is ${String(settings[key])}; it has to be ${needed}.`,
  );
}
