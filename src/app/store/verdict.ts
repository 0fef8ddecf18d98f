/** Whether a plan fits a budget, and the smallest change with which it would: found by planning it, never by rule. */
import { formatPercent, formatTokens } from '../format';
import type { KvSettings, MemoryPlan, ModelPlan, PlanRequest, WeightForm } from '../../protocol';

/** At most 80 % of the budget, at most all of it, or more. */
export type Verdict = 'fits' | 'tight' | 'too-big';

/** Up to here there is room for what else the page, and the desktop, draw. */
const COMFORT = 0.8;

export interface Limits {
  readonly budgetBytes: number;
  /** Of one buffer, where it is known. */
  readonly maxBufferBytes?: number | undefined;
}

export function verdictFor(
  { peakBytes, largestBufferBytes }: Pick<MemoryPlan, 'peakBytes' | 'largestBufferBytes'>,
  { budgetBytes, maxBufferBytes = Infinity }: Limits,
): Verdict {
  if (peakBytes > budgetBytes || largestBufferBytes > maxBufferBytes) return 'too-big';
  return peakBytes <= COMFORT * budgetBytes ? 'fits' : 'tight';
}

/** What would be other than asked for; what is left out stays. */
export interface Change {
  readonly dtype?: WeightForm;
  readonly kv?: Partial<KvSettings>;
  readonly promptTokens?: number;
}

export interface Suggestion {
  readonly change: Change;
  readonly plan: ModelPlan;
  /** With the change. */
  readonly verdict: Exclude<Verdict, 'too-big'>;
}

export type AskPlan = (request: PlanRequest) => Promise<ModelPlan>;

export interface Assessment {
  readonly plan: ModelPlan;
  readonly verdict: Verdict;
  /** Undefined where it fits, where it is tight and no change makes it comfortable, and where nothing helps. */
  readonly suggestion: Suggestion | undefined;
}

/** Judges, and looks for the change where it does not fit well. Rejects as `ask` does. */
export async function assess(request: PlanRequest, limits: Limits, ask: AskPlan): Promise<Assessment> {
  const plan = await ask(request);
  const verdict = verdictFor(plan, limits);
  if (verdict === 'fits') return { plan, verdict, suggestion: undefined };
  const { one, both } = changesFor(plan);
  const best =
    (await bestOf(one, request, limits, ask)) ??
    (await bestOf(both, request, limits, ask)) ??
    (await shorter(request, {}, limits, ask)) ??
    (await shorter(request, both.at(-1) ?? one.at(-1) ?? {}, limits, ask));
  const helps = best?.verdict === 'fits' || verdict === 'too-big';
  return { plan, verdict, suggestion: helps ? best : undefined };
}

/** The first with which it fits well, else the first with which it fits. */
async function bestOf(changes: readonly Change[], request: PlanRequest, limits: Limits, ask: AskPlan) {
  let enough: Suggestion | undefined;
  for (const change of changes) {
    const tried = await tryChange(request, change, limits, ask);
    if (tried?.verdict === 'fits') return tried;
    enough ??= tried;
  }
  return enough;
}

/** Undefined where it would still be too big. */
async function tryChange(
  request: PlanRequest,
  change: Change,
  limits: Limits,
  ask: AskPlan,
): Promise<Suggestion | undefined> {
  const plan = await ask(withChange(request, change));
  const verdict = verdictFor(plan, limits);
  return verdict === 'too-big' ? undefined : { change, plan, verdict };
}

export const withChange = (request: PlanRequest, { kv, ...change }: Change): PlanRequest => ({
  ...request,
  ...change,
  ...(kv && { kv: { ...request.kv, ...kv } }),
});

/** In order of what they cost: speed of follow-ups, a little precision, what is kept, more precision; and pairs of these. */
function changesFor({ model, kv: settings }: ModelPlan) {
  const forms = model.isPacked ? [] : SMALLER[model.weights];
  const modes = modesBelow(settings);
  const one: readonly Change[] = [
    ...modes.map((kv) => ({ kv })),
    ...forms.slice(0, -1).map((form) => ({ dtype: form })),
    ...lowerRates(settings).map((kv) => ({ kv })),
    ...forms.slice(-1).map((form) => ({ dtype: form })),
  ];
  const both: readonly Change[] = modes.slice(-1).flatMap((kv) => forms.map((form) => ({ dtype: form, kv })));
  return { one, both };
}

/** Forms that take fewer bytes, the most precise first. */
const SMALLER: Readonly<Record<WeightForm, readonly WeightForm[]>> = {
  f32: ['f16', 'q8', 'q4'],
  f16: ['q8', 'q4'],
  q8: ['q4'],
  q4: [],
};

function modesBelow({ turnMode, policy }: KvSettings): readonly Partial<KvSettings>[] {
  if (turnMode === 'full' || policy === 'full')
    return [
      { policy: 'fastkv', turnMode: 'exact' },
      { policy: 'fastkv', turnMode: 'lean' },
    ];
  return turnMode === 'exact' ? [{ turnMode: 'lean' }] : [];
}

/** Half of what is kept. What a visitor has set lower already has little left to give. */
function lowerRates(settings: KvSettings): readonly Partial<KvSettings>[] {
  const { policy, turnMode, budget, retain, tspRate } = settings;
  if (policy === 'full' || turnMode === 'full' || budget === 'constant' || retain <= 0.05) return [];
  return [{ retain: Math.max(0.05, retain / 2), tspRate: Math.max(0.05, tspRate / 2) }];
}

/** Tokens that a suggestion counts in. */
const STEP = 256;

/** The longest prompt that fits, with another change or alone. */
async function shorter(
  request: PlanRequest,
  also: Change,
  limits: Limits,
  ask: AskPlan,
): Promise<Suggestion | undefined> {
  let found: Suggestion | undefined;
  let [low, high] = [1, Math.ceil(request.promptTokens / STEP)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const tried = await tryChange(request, { ...also, promptTokens: middle * STEP }, limits, ask);
    found = tried ?? found;
    if (tried) low = middle + 1;
    else high = middle;
  }
  return found;
}

const FORMS: Readonly<Record<WeightForm, string>> = {
  f32: '32-bit weights',
  f16: '16-bit weights',
  q8: '8-bit weights',
  q4: '4-bit weights',
};

/** A change as a sentence goes on with it: "4-bit weights and lean mode". */
export function sayChange({ dtype, kv, promptTokens }: Change): string {
  const parts = [
    dtype && FORMS[dtype],
    kv?.turnMode && (kv.policy ? `FastKV in ${kv.turnMode} mode` : `${kv.turnMode} mode`),
    kv?.retain !== undefined && `a KV retention of ${formatPercent(kv.retain)}`,
    kv?.tspRate !== undefined && `a TSP rate of ${formatPercent(kv.tspRate)}`,
    promptTokens !== undefined && `at most ${formatTokens(promptTokens)}`,
  ].filter((part) => typeof part === 'string');
  const last = parts.at(-1) ?? '';
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${last}` : last;
}
