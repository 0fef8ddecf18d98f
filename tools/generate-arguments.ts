/** What `generate` is asked for, checked before anything is loaded. */
import type { TokenId } from '../src/engine/shapes';
import { badArgument, FLAG, parseOptions, readForms, readNumber, readProfile, TEXT } from './arguments';
import { KV_OPTIONS, KV_USAGE, readKv } from './kv-arguments';

const USAGE =
  'generate --model DIR (--prompt TEXT | --prompt-file F | --tokens 1,2,3 | --turns FILE) [--chat] [--max-new N (64)] ' +
  '[--temperature 0] [--seed S] [--dtype f32|f16|q8|q4] [--cache f32|f16] [--profile auto|portable|fast|software] [--logits-out FILE] [--json] ' +
  `[--dump-kept] ${KV_USAGE}. Compression is off unless asked for; its settings then are the paper's. --turns takes ` +
  'a JSON array of user messages and prints a JSON line for each.';

const OPTIONS = {
  model: TEXT,
  prompt: TEXT,
  'prompt-file': TEXT,
  tokens: TEXT,
  turns: TEXT,
  chat: FLAG,
  'max-new': TEXT,
  temperature: TEXT,
  seed: TEXT,
  dtype: { ...TEXT, default: 'f16' },
  cache: TEXT,
  profile: { ...TEXT, default: 'auto' },
  'logits-out': TEXT,
  json: FLAG,
  'dump-kept': FLAG,
  ...KV_OPTIONS,
} as const;

const bad = (message: string) => badArgument(message, USAGE);
const whole = (name: string, text: string) => readNumber(name, text, USAGE, true);

/** Throws `bad-argument`. */
export function readArguments(argv: string[]) {
  const args = parseOptions(argv, OPTIONS, USAGE);
  const { model, prompt, tokens, turns, chat, json, seed, temperature } = args;
  if (model === undefined) throw bad('--model is missing.');
  const given = [prompt, args['prompt-file'], tokens, turns].filter((value) => value !== undefined);
  if (given.length !== 1) throw bad('Give one of --prompt, --prompt-file, --tokens and --turns.');
  if (tokens !== undefined && chat) throw bad('--chat takes text; --tokens are read as they are.');
  const logitsOut = args['logits-out'];
  if (turns !== undefined && logitsOut !== undefined)
    throw bad('--logits-out takes one prompt, not --turns.');
  if (args['dump-kept'] && !json && turns === undefined)
    throw bad('--dump-kept adds to --json: give it too.');
  const maxNewTokens = whole('max-new', args['max-new'] ?? '64');
  if (maxNewTokens === 0) throw bad('--max-new is 0; at least one token is needed.');
  const profile = readProfile(args.profile, USAGE);
  return {
    model,
    prompt,
    promptFile: args['prompt-file'],
    tokens: tokens?.split(',').map((id) => whole('tokens', id) as TokenId),
    turns,
    chat,
    maxNewTokens,
    temperature: readNumber('temperature', temperature ?? '0', USAGE, false),
    seed: seed === undefined ? undefined : whole('seed', seed),
    ...readForms(args.dtype, args.cache, USAGE),
    profile,
    logitsOut,
    json,
    dumpKept: args['dump-kept'],
    kv: readKv(args, USAGE),
  };
}

export type Arguments = ReturnType<typeof readArguments>;
