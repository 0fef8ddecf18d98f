/** Does the engine select and answer as the whole-model CPU reference does? Ties in scores may be cut either way. */
import type { LoadedModel } from '../src/engine/load-model';
import { sumRows } from '../src/engine/kv/score-reference';
import { fastkvReference, type FastkvReading } from '../src/engine/models/fastkv-reference';
import type { Tensors } from '../src/engine/models/reference';
import type { TokenId } from '../src/engine/shapes';
import type { KvSettings, SelectionReport } from '../src/protocol';

/** Scores this near to each other, of the higher, may be cut either way: the two sum in different orders. */
const NEAR = 1e-5;
/** Below the smallest normal f32, devices may take a value for 0, and do; a group's heads and the window add up. */
const NOTHING = 2 ** -123;

/** `tied`: another cut through equal scores, so that later layers saw other tokens and are not compared. */
export type Agreement = 'equal' | 'tied' | { readonly difference: string };

export interface EngineTurn {
  readonly prompt: readonly TokenId[];
  readonly kv: KvSettings;
  /** Greedy; the end token is its last one, if it came. */
  readonly answer: readonly TokenId[];
  readonly selection: SelectionReport;
}

/** Reads the prompt afresh on the CPU and answers greedily. */
export function agreesWithReference(
  { session: { spec }, stopIds }: Pick<LoadedModel, 'session' | 'stopIds'>,
  tensors: Tensors,
  turn: EngineTurn,
): Agreement {
  const reading = fastkvReference(spec, tensors, turn.prompt, turn.kv);
  const selected = compareSelections(reading, turn.selection, turn.prompt.length);
  if (selected !== 'equal') return selected;
  const answer: TokenId[] = [];
  for (let logits = reading.logits; ; logits = reading.next(answer.at(-1)!)) {
    const id = logits.indexOf(logits.reduce((a, b) => Math.max(a, b))) as TokenId;
    answer.push(id);
    if (stopIds.has(id) || answer.length >= turn.answer.length) break;
  }
  if (answer.join() === turn.answer.join()) return 'equal';
  return { difference: `answers ${turn.answer.join(' ')}, the reference ${answer.join(' ')}` };
}

/** Propagated tokens at T, then what each layer and KV head keeps. N is the prompt's length. */
export function compareSelections(
  { plan, propagated, kept, scores }: Pick<FastkvReading, 'plan' | 'propagated' | 'kept' | 'scores'>,
  selection: SelectionReport,
  N: number,
): Agreement {
  const every = Array.from({ length: N }, (_, position) => position);
  const T = plan.lowerLayers - 1;
  const window = plan.scorer?.window ?? 0;
  const onward = propagated ?? every;
  const went = compareSets([...(selection.propagated ?? every)], onward, {
    ...{ rows: every, window, scores: propagated && sumRows(scores[T]!, N) },
  });
  if (typeof went !== 'string') return within(`tokens propagated at layer ${T}`, went);
  let agreement = went;
  for (const [l, heads] of kept.entries()) {
    if (l > T && went === 'tied') break;
    const rows = l > T ? onward : every;
    for (const [g, want] of heads.entries()) {
      const own = scores[l]?.subarray(g * rows.length, (g + 1) * rows.length);
      const found = compareSets([...(selection.kept?.[l]?.[g] ?? rows)], want, { rows, window, scores: own });
      if (typeof found !== 'string') return within(`layer ${l}, KV head ${g}`, found);
      if (found === 'tied') agreement = 'tied';
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
  /** Of the rows; undefined where nothing was chosen. */
  readonly scores: Float32Array | undefined;
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
  const scoreOf = new Map(rows.map((position, row) => [position, row < free ? scores?.[row] : Infinity]));
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
