/** What `npm run eval:demo` is asked for. */
import { badArgument, parseOptions, readChoice, readNumber, readProfile, TEXT } from '../tools/arguments';
import type { Profile, StorageDtype } from '../src/protocol';
import { SETTINGS, type Setting } from './eval-tally';

export const USAGE =
  'eval:demo [--from FILE] [--lengths 500,1000,2000 (all of FILE)] [--questions N (72, or all of FILE; of each length)] ' +
  `[--settings ${SETTINGS.map(({ name }) => name).join(',')} (all)] [--tsp-layer N (the model's own)] ` +
  '[--timed N (3, or 0 with FILE)] [--reference N (1, or 0 with FILE)] [--seed S (1; not with FILE)] [--dtype f32|f16] ' +
  '[--profile auto|portable|fast|software]';

export interface EvalOptions {
  /** Undefined: documents are generated. */
  readonly from: string | undefined;
  /** Undefined: those of the file, or else the usual ones. */
  readonly lengths: readonly number[] | undefined;
  readonly questions: number;
  readonly settings: readonly Setting[];
  readonly tspLayer: number | undefined;
  /** Documents of each length whose first question is read afresh with every setting, for its time. */
  readonly timed: number;
  /** Questions of each length and setting that the CPU reference answers too. */
  readonly reference: number;
  readonly seed: number;
  readonly dtype: StorageDtype;
  readonly profile: Profile | undefined;
}

/** Throws `bad-argument`. */
export function readOptions(argv: string[]): EvalOptions {
  const options = {
    from: TEXT,
    lengths: TEXT,
    questions: TEXT,
    settings: TEXT,
    'tsp-layer': TEXT,
    timed: TEXT,
    reference: TEXT,
    seed: TEXT,
    dtype: { ...TEXT, default: 'f32' },
    profile: { ...TEXT, default: 'auto' },
  } as const;
  const args = parseOptions(argv, options, USAGE);
  const { from } = args;
  type Counted = 'questions' | 'tsp-layer' | 'timed' | 'reference' | 'seed';
  const whole = <Otherwise>(name: Counted, otherwise: Otherwise) =>
    args[name] === undefined ? otherwise : readNumber(name, args[name], USAGE, true);
  if (from !== undefined && args.seed !== undefined) {
    throw badArgument('--seed is for documents that are generated, and --from has its own.', USAGE);
  }
  return {
    from,
    lengths: args.lengths?.split(',').map((length) => readNumber('lengths', length, USAGE, true)),
    questions: Math.max(1, whole('questions', from === undefined ? 72 : Infinity)),
    settings: readSettings(args.settings),
    tspLayer: whole('tsp-layer', undefined),
    // Read afresh for every setting, or on the CPU, a long document takes minutes each time.
    timed: whole('timed', from === undefined ? 3 : 0),
    reference: whole('reference', from === undefined ? 1 : 0),
    seed: whole('seed', 1),
    dtype: readChoice<StorageDtype>('dtype', args.dtype, ['f32', 'f16'], USAGE),
    profile: readProfile(args.profile, USAGE),
  };
}

/** In the table's order, whatever the text's. */
function readSettings(text: string | undefined): readonly Setting[] {
  if (text === undefined) return SETTINGS;
  const names = SETTINGS.map(({ name }) => name);
  const wanted = text.split(',').map((name) => readChoice('settings', name, names, USAGE));
  return SETTINGS.filter(({ name }) => wanted.includes(name));
}
