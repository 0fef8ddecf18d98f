/** What the evaluation compares, what came of it, and its tables: no device. */
import { PAPER } from '../src/engine/kv/reading-plan';
import type { KvSettings } from '../src/protocol';
import { QUESTION_KINDS, type QuestionKind } from './eval-documents';
import { bytesText, formatTable, mean, median } from './table';

export interface Setting {
  readonly name: string;
  /** Its T is undefined: the model's own, unless somebody says. */
  readonly kv: KvSettings;
}

const RETAIN = [0.05, 0.1, 0.2, 0.5];

const fastkv = (name: string, retain: number, tspRate: number): Setting => ({
  name: `${name}-${retain}`,
  kv: { ...PAPER, policy: 'fastkv', turnMode: 'exact', tspLayer: undefined, retain, tspRate },
});

/**
 * Those of training/evaluate.py, in its order. Those that share a trunk stand side by side: a document then goes through the
 * layers up to T once for all of them and all of its questions.
 */
export const SETTINGS: readonly Setting[] = [
  { name: 'full', kv: { ...PAPER, policy: 'full', turnMode: 'full', tspLayer: undefined } },
  ...RETAIN.map((r) => fastkv('fastkv', r, PAPER.tspRate)),
  ...RETAIN.map((r) => fastkv('tsp-off', r, 1)),
];

/** The two that questions are told apart by kind for in print; the JSON line has all. */
const BY_KIND = ['full', 'fastkv-0.1'];

/** One question with one setting. */
export interface Turn {
  readonly kind: QuestionKind;
  readonly right: boolean;
  readonly hotBytes: number;
  /** What the full cache would have taken. */
  readonly fullBytes: number;
  /** Undefined where the document was in the trunk already. */
  readonly ttftMs: number | undefined;
}

interface Count {
  readonly asked: number;
  readonly right: number;
}

const count = (turns: readonly Turn[]): Count => ({
  asked: turns.length,
  right: turns.filter(({ right }) => right).length,
});

/** As in the JSON line. */
export interface Row extends Count {
  readonly config: string;
  readonly retain: number;
  readonly tspRate: number;
  readonly exact: number;
  readonly hotBytes: number;
  readonly fullBytes: number;
  /** Median of the readings that shared nothing; null where every one did. */
  readonly ttftMs: number | null;
  readonly kinds: Readonly<Partial<Record<QuestionKind, Count>>>;
}

export function rowOf({ name, kv: { policy, retain, tspRate } }: Setting, turns: readonly Turn[]): Row {
  const { asked, right } = count(turns);
  const times = turns.flatMap(({ ttftMs }) => ttftMs ?? []);
  const kinds = QUESTION_KINDS.map(
    (kind) => [kind, count(turns.filter((turn) => turn.kind === kind))] as const,
  );
  return {
    config: name,
    retain: policy === 'full' ? 1 : retain,
    tspRate: policy === 'full' ? 1 : tspRate,
    ...{ asked, right, exact: right / asked },
    hotBytes: mean(turns.map(({ hotBytes }) => hotBytes)),
    fullBytes: mean(turns.map(({ fullBytes }) => fullBytes)),
    ttftMs: times.length > 0 ? median(times) : null,
    kinds: Object.fromEntries(kinds.filter(([, of]) => of.asked > 0)),
  };
}

/** Of one length. */
export interface LengthResult {
  /** Asked for. */
  readonly tokens: number;
  /** Found, on average. */
  readonly promptTokens: number;
  readonly rows: readonly Row[];
}

const head = (results: readonly LengthResult[]) => results.map(({ promptTokens }) => promptTokens.toFixed(0));

export function lengthTable({ rows }: LengthResult): string {
  const full = rows.find(({ config }) => config === 'full')?.ttftMs;
  const lines = rows.map(({ config, exact, hotBytes, fullBytes, ttftMs }) => [
    config,
    exact.toFixed(3),
    bytesText(hotBytes),
    `${((100 * hotBytes) / fullBytes).toFixed(1)} %`,
    ttftMs === null ? '-' : `${ttftMs.toFixed(0)} ms`,
    ttftMs === null || full == null ? '-' : (full / ttftMs).toFixed(2),
  ]);
  return formatTable(['', 'exact match', 'hot cache', 'of full', 'TTFT', 'full / this'], lines);
}

/** Exact match: a row a setting, a column a length. */
export const settingsTable = (results: readonly LengthResult[]): string =>
  formatTable(
    ['tokens a prompt', ...head(results)],
    results[0]!.rows.map(({ config }, i) => [
      config,
      ...results.map(({ rows }) => rows[i]!.exact.toFixed(3)),
    ]),
  );

/**
 * Exact match of the settings told apart in print: a row a kind, a column a length, with how many were asked. Undefined where
 * there is one kind, or none of those settings.
 */
export function kindsTable(results: readonly LengthResult[]): string | undefined {
  const compared = (rows: readonly Row[]) => rows.filter(({ config }) => BY_KIND.includes(config));
  const names = compared(results[0]!.rows).map(({ config }) => config);
  const kinds = QUESTION_KINDS.filter((kind) => results.some(({ rows }) => rows[0]!.kinds[kind]));
  if (names.length === 0 || kinds.length < 2) return undefined;
  const cell = (rows: readonly Row[], kind: QuestionKind) => {
    const counts = compared(rows).flatMap(({ kinds: of }) => of[kind] ?? []);
    if (counts.length === 0) return '-';
    return `${counts.map(({ right, asked }) => (right / asked).toFixed(3)).join(' / ')} (${counts[0]!.asked})`;
  };
  return formatTable(
    [names.join(' / '), ...head(results)],
    kinds.map((kind) => [kind, ...results.map(({ rows }) => cell(rows, kind))]),
  );
}
