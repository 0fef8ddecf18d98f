/** Does the engine select and answer as the whole-model CPU reference does? Ties in scores may be cut either way. */
import type { LoadedModel } from '../src/engine/load-model';
import { selectTopReference, sumRows } from '../src/engine/kv/score-reference';
import { fastkvReference, type FastkvReading } from '../src/engine/models/fastkv-reference';
import type { Tensors } from '../src/engine/models/reference';
import type { ModelSpec } from '../src/engine/models/spec';
import type { TokenId } from '../src/engine/shapes';
import type { KvSettings, SelectionReport } from '../src/protocol';

/** Scores this near to each other, of the higher, may be cut either way: the two sum in different orders. */
const NEAR = 1e-5;
/** Below the smallest normal f32, devices may take a value for 0, and do; a group's heads and the window add up. */
const NOTHING = 2 ** -123;

/** `tied`: some cut went through equal scores, and took others of them. Everything else is equal in both. */
export type Agreement = 'equal' | 'tied' | { readonly difference: string };

export interface EngineTurn {
  readonly prompt: readonly TokenId[];
  readonly kv: KvSettings;
  /** Greedy; the end token is its last one, if it came. */
  readonly answer: readonly TokenId[];
  readonly selection: SelectionReport;
}

/**
 * Reads the prompt afresh on the CPU, following the engine's choice where it had one, and answers greedily: so each choice
 * is held to the scores that it was made by, and the answer to what was chosen.
 */
export function agreesWithReference(
  { session: { spec }, stopIds }: Pick<LoadedModel, 'session' | 'stopIds'>,
  tensors: Tensors,
  turn: EngineTurn,
): Agreement {
  const { selection, prompt } = turn;
  const chosen = listsOf(selection, spec);
  const reading = fastkvReference(spec, tensors, prompt, turn.kv, { chosen });
  const selected = compareSelections(reading, chosen);
  if (typeof selected !== 'string') return selected;
  const answer: TokenId[] = [];
  for (let logits = reading.logits; ; logits = reading.next(answer.at(-1)!)) {
    const id = logits.indexOf(logits.reduce((a, b) => Math.max(a, b))) as TokenId;
    answer.push(id);
    if (stopIds.has(id) || answer.length >= turn.answer.length) break;
  }
  if (answer.join() === turn.answer.join()) return selected;
  return { difference: `answers ${turn.answer.join(' ')}, the reference ${answer.join(' ')}` };
}

type Choices = Pick<FastkvReading, 'kept' | 'propagated'>;

function listsOf(
  { kept, propagated, promptTokens }: SelectionReport,
  { L, G }: Pick<ModelSpec, 'L' | 'G'>,
): Choices {
  const every = Array.from({ length: promptTokens }, (_, position) => position);
  return {
    propagated: propagated && [...propagated],
    kept:
      kept?.map((heads) => heads.map((positions) => [...positions])) ??
      Array.from({ length: L }, () => new Array<number[]>(G).fill(every)),
  };
}

/** Propagated tokens at T, then what each layer and KV head keeps, beside what the scores of the reading say. */
export function compareSelections(
  { plan, scores }: Pick<FastkvReading, 'plan' | 'scores'>,
  chosen: Choices,
): Agreement {
  const { N, lowerLayers, protect } = plan;
  const every = Array.from({ length: N }, (_, position) => position);
  let agreement: Agreement = 'equal';
  for (const [l, own] of scores.entries()) {
    if (!own) continue;
    const rows = l < lowerLayers ? every : (chosen.propagated ?? every);
    const window = plan.scorer!.window;
    const compare = (found: readonly number[], take: number, by: Float32Array) => {
      const want = selectTopReference({ N: rows.length, window, protect, take }, by);
      return compareSets(
        found,
        [...want].map((row) => rows[row]!),
        { rows, window, scores: by },
      );
    };
    const choices: [what: string, found: readonly number[], take: number, by: Float32Array][] = [];
    if (l === lowerLayers - 1 && plan.propagated < N) {
      const found = chosen.propagated ?? every;
      choices.push([`tokens propagated at layer ${l}`, found, plan.propagated, sumRows(own, N)]);
    }
    for (const [g, found] of (chosen.kept[l] ?? []).entries()) {
      const by = own.subarray(g * rows.length, (g + 1) * rows.length);
      choices.push([`layer ${l}, KV head ${g}`, found, plan.kept[l]!, by]);
    }
    for (const [what, found, take, by] of choices) {
      const result = compare(found, take, by);
      if (typeof result !== 'string') return within(what, result);
      if (result === 'tied') agreement = 'tied';
    }
  }
  return agreement;
}

const within = (what: string, { difference }: { difference: string }) => ({
  difference: `${what}: ${difference}`,
});

interface Choice {
  /** Positions that were chosen from; the window, which always stays, is the last ones. */
  readonly rows: readonly number[];
  readonly window: number;
  /** Of the rows. */
  readonly scores: Float32Array;
}

/** Two ascending sets of positions. */
function compareSets(
  found: readonly number[],
  want: readonly number[],
  { rows, window, scores }: Choice,
): Agreement {
  if (found.join() === want.join()) return 'equal';
  if (found.length !== want.length) {
    return { difference: `${found.length} tokens instead of ${want.length}` };
  }
  const free = rows.length - window;
  const scoreOf = new Map(rows.map((position, row) => [position, row < free ? scores[row] : Infinity]));
  const wanted = new Set(want);
  const taken = found.filter((position) => !wanted.has(position));
  const had = new Set(found);
  const missed = want.filter((position) => !had.has(position));
  // A position that could not be chosen, or not be left out, makes this infinite; so does one that is there twice.
  const best = Math.max(...missed.map((position) => scoreOf.get(position) ?? Infinity));
  const worst = Math.min(...taken.map((position) => scoreOf.get(position) ?? -Infinity));
  const gap = best - worst;
  if (best < Infinity && gap <= NEAR * best + NOTHING && missed.length > 0 && missed.length === taken.length)
    return 'tied';
  return { difference: `tokens ${taken.join()} instead of ${missed.join()}, ahead by ${gap}` };
}
