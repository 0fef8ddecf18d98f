/** What a conversation may ask for: the ranges that the engine takes, for what is typed and for what was stored. */
import * as v from 'valibot';
import type { SamplingOptions } from '../../protocol';
import type { ConversationSettings } from './conversation';

export interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  /** `min` itself is too little. */
  readonly above?: boolean;
}

/** As engine/run.ts has them, and no wider than is of use. */
export const SAMPLING_RULES = {
  temperature: { min: 0, max: 2, whole: false },
  topP: { min: 0, max: 1, whole: false, above: true },
  topK: { min: 0, max: 1000, whole: true },
  minP: { min: 0, max: 1, whole: false },
  repetitionPenalty: { min: 0.5, max: 2, whole: false },
  seed: { min: 0, max: 2 ** 32 - 1, whole: true },
} as const satisfies Record<keyof SamplingOptions, NumberRule>;

/** Whatever the model: one may be told to stop later than its context allows, and then the context ends the answer. */
export const ANSWER_RULE: NumberRule = { min: 1, max: 1_000_000, whole: true };

function fits({ min, max, whole, above = false }: NumberRule, value: number): boolean {
  if (whole && !Number.isInteger(value)) return false;
  return value <= max && (above ? value > min : value >= min);
}

const grouped = new Intl.NumberFormat('en-US');

/** What is asked for, in words. */
export function sayRule({ min, max, whole, above = false }: NumberRule): string {
  const number = whole ? 'a whole number' : 'a number';
  const least = above ? `above ${grouped.format(min)}` : `from ${grouped.format(min)}`;
  return `${number} ${least} ${above ? 'and at most' : 'to'} ${grouped.format(max)}`;
}

export type Typed =
  | { readonly ok: true; readonly value: number | undefined }
  | { readonly ok: false; readonly problem: string };

/** A number as people type one, with a point or a comma; an empty field is none. */
export function readNumber(text: string, rule: NumberRule): Typed {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: true, value: undefined };
  const value = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)$/.test(trimmed)
    ? Number(trimmed.replace(',', '.'))
    : Number.NaN;
  return fits(rule, value) ? { ok: true, value } : { ok: false, problem: `Enter ${sayRule(rule)}.` };
}

const number = (rule: NumberRule) =>
  v.pipe(
    v.number(),
    v.check((value) => fits(rule, value)),
  );
const share = number({ min: 0, max: 1, whole: false, above: true });
const whole = (min: number, max = 2 ** 31 - 1) => number({ min, max, whole: true });

/** What does not fit is left out, and takes nothing else with it. */
const orNone = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.fallback(v.optional(schema), undefined as never);

const SAMPLING = v.object({
  temperature: orNone(number(SAMPLING_RULES.temperature)),
  topP: orNone(number(SAMPLING_RULES.topP)),
  topK: orNone(number(SAMPLING_RULES.topK)),
  minP: orNone(number(SAMPLING_RULES.minP)),
  repetitionPenalty: orNone(number(SAMPLING_RULES.repetitionPenalty)),
  seed: orNone(number(SAMPLING_RULES.seed)),
});

/** Without the TSP layer: a number of layers belongs to one model, and is kept with it. */
const KV = v.object({
  policy: orNone(v.string()), // settingsFor asks whether the engine knows it
  turnMode: orNone(v.picklist(['exact', 'lean', 'full'])),
  retain: orNone(share),
  tspRate: orNone(share),
  pooling: orNone(v.picklist(['max', 'avg'])),
  window: orNone(whole(1, 64)),
  kernel: orNone(
    v.pipe(
      whole(1, 63),
      v.check((value) => value % 2 === 1),
    ),
  ),
  budget: orNone(v.picklist(['proportional', 'constant'])),
  capacity: orNone(whole(1)),
  tspLength: orNone(whole(1)),
  protectFirst: orNone(whole(0)),
  protectHeader: orNone(v.boolean()),
  floor: orNone(whole(0)),
  parkTrunk: orNone(v.boolean()),
});

const SETTINGS = v.object({
  system: orNone(v.string()),
  sampling: orNone(SAMPLING),
  maxNewTokens: orNone(number(ANSWER_RULE)),
  kv: orNone(KV),
  thinking: orNone(v.boolean()),
});

/** Settings that an older page, another program or a curious visitor left, as far as they mean something. */
export function readSettings(stored: unknown): ConversationSettings {
  const { success, output } = v.safeParse(SETTINGS, stored);
  return success ? withoutGaps(output) : {};
}

/** Without what is undefined, and without what then holds nothing. */
export function withoutGaps(settings: object): object {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]: [string, unknown]) => {
      const kept = typeof value === 'object' && value !== null ? withoutGaps(value) : value;
      const isNothing =
        kept === undefined || (typeof kept === 'object' && kept !== null && Object.keys(kept).length === 0);
      return isNothing ? [] : [[key, kept]];
    }),
  );
}
