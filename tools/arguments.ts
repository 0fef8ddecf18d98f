/** What the command lines share: options read once, and a refusal that says what was found, what is needed, and the usage. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { EngineError } from '../src/engine/errors';
import { formsFor, type WeightForms } from '../src/engine/weights/forms';
import type { Profile, StorageDtype, WeightForm } from '../src/protocol';

export const TEXT = { type: 'string' } as const;
export const FLAG = { type: 'boolean', default: false } as const;

export type Options = NonNullable<ParseArgsConfig['options']>;

/** `message` is a sentence or two; the usage follows it. */
export const badArgument = (message: string, usage: string): EngineError =>
  new EngineError('bad-argument', `${message} Usage: ${usage}`);

/** Options by name; rejects unknown ones and stray words with `bad-argument`. */
export function parseOptions<const Known extends Options>(argv: string[], options: Known, usage: string) {
  try {
    return parseArgs({ args: argv, options }).values;
  } catch (thrown) {
    throw badArgument(`${(thrown as Error).message}.`, usage);
  }
}

/** The number that an option's text says, not negative; `whole` refuses fractions. */
export function readNumber(name: string, text: string, usage: string, whole: boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value))) {
    const needed = `a ${whole ? 'whole ' : ''}number of 0 or more is needed`;
    throw badArgument(`--${name} is ${JSON.stringify(text)}; ${needed}.`, usage);
  }
  return value;
}

export function readChoice<Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
  usage: string,
): Choice {
  const found = choices.find((choice) => choice === text);
  if (found) return found;
  throw badArgument(`--${name} is ${JSON.stringify(text)}; it can be ${choices.join(', ')}.`, usage);
}

/** --profile; undefined leaves the choice to the adapter. */
export function readProfile(text: string, usage: string): Profile | undefined {
  const profile = readChoice('profile', text, ['auto', 'portable', 'fast', 'software'] as const, usage);
  return profile === 'auto' ? undefined : profile;
}

/** --dtype and --cache: floats of one kind, or quantised weights beside a cache of either. */
export function readForms(dtype: string, cache: string | undefined, usage: string): WeightForms {
  const forms = formsFor(readChoice<WeightForm>('dtype', dtype, ['f32', 'f16', 'q8', 'q4'], usage));
  if (cache === undefined) return forms;
  const chosen = readChoice<StorageDtype>('cache', cache, ['f32', 'f16'], usage);
  if (!forms.quantise && chosen !== forms.dtype) {
    const message = `--cache ${chosen} goes with --dtype q8 or q4; else weights and cache are both ${forms.dtype}.`;
    throw badArgument(message, usage);
  }
  return { ...forms, dtype: chosen };
}
