/** `npm run --silent generate -- --model DIR ...`: the page's engine on the command line. See README.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { EngineError } from '../src/engine/errors';
import { loadModel, type LoadedModel } from '../src/engine/load-model';
import type { RunResult } from '../src/engine/run';
import type { TokenId } from '../src/engine/shapes';
import type { Profile, StorageDtype } from '../src/protocol';
import { nodeFolder } from './node-folder';
import { openNodeAdapter } from './node-gpu';

const USAGE =
  'generate --model DIR (--prompt TEXT | --prompt-file F | --tokens 1,2,3) [--chat] [--max-new N] [--temperature 0] ' +
  '[--seed S] [--dtype f32|f16] [--profile auto|portable|fast|software] [--logits-out FILE] [--json]';

const bad = (message: string) => new EngineError('bad-argument', `${message} Usage: ${USAGE}`);

function number(name: string, text: string | undefined, fallback: number, whole: boolean): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value))) {
    throw bad(
      `--${name} is ${JSON.stringify(text)}; a ${whole ? 'whole ' : ''}number of 0 or more is needed.`,
    );
  }
  return value;
}

function oneOf<Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text);
  if (found) return found;
  throw bad(`--${name} is ${JSON.stringify(text)}; it can be ${choices.join(', ')}.`);
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        model: text,
        prompt: text,
        'prompt-file': text,
        tokens: text,
        chat: flag,
        'max-new': text,
        temperature: text,
        seed: text,
        dtype: { ...text, default: 'f16' },
        profile: { ...text, default: 'auto' },
        'logits-out': text,
        json: flag,
      },
    });
    return values;
  } catch (thrown) {
    throw bad(`${(thrown as Error).message}.`);
  }
}

/** All that the command line asks for, checked before anything is loaded. */
function readArguments(argv: string[]) {
  const args = parse(argv);
  const { model, prompt, tokens, chat, json } = args;
  if (model === undefined) throw bad('--model is missing.');
  const given = [prompt, args['prompt-file'], tokens].filter((value) => value !== undefined);
  if (given.length !== 1) throw bad('Give one of --prompt, --prompt-file and --tokens.');
  if (tokens !== undefined && chat) throw bad('--chat takes text; --tokens are read as they are.');
  const maxNewTokens = number('max-new', args['max-new'], 64, true);
  if (maxNewTokens === 0) throw bad('--max-new is 0; at least one token is needed.');
  const profile = oneOf<Profile | 'auto'>('profile', args.profile, ['auto', 'portable', 'fast', 'software']);
  return {
    model,
    prompt,
    promptFile: args['prompt-file'],
    tokens: tokens?.split(',').map((id) => number('tokens', id, 0, true) as TokenId),
    chat,
    maxNewTokens,
    temperature: number('temperature', args.temperature, 0, false),
    seed: args.seed === undefined ? undefined : number('seed', args.seed, 0, true),
    dtype: oneOf<StorageDtype>('dtype', args.dtype, ['f32', 'f16']),
    profile: profile === 'auto' ? undefined : profile,
    logitsOut: args['logits-out'],
    json,
  };
}

type Arguments = ReturnType<typeof readArguments>;

async function promptTokens(args: Arguments, { tokenizer, info }: LoadedModel): Promise<readonly TokenId[]> {
  if (args.tokens) return args.tokens;
  if (!tokenizer) {
    throw new EngineError(
      'file-missing',
      `There is no tokenizer.json in ${info.name}. Add it, or give --tokens.`,
    );
  }
  const text = args.prompt ?? (await readPrompt(args.promptFile!));
  return args.chat
    ? tokenizer.chat([{ role: 'user', content: text }], { addGenerationPrompt: true })
    : tokenizer.encode(text, { addSpecialTokens: true });
}

async function readPrompt(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw new EngineError('file-unreadable', `The prompt file cannot be read: ${(thrown as Error).message}.`);
  }
}

async function writeLogits(file: string, rows: readonly Float32Array<ArrayBuffer>[]): Promise<void> {
  const bytes = Buffer.concat(rows.map((row) => new Uint8Array(row.buffer)));
  await writeFile(file, bytes).catch((thrown: unknown) => {
    throw bad(`--logits-out cannot be written: ${(thrown as Error).message}.`);
  });
}

function report(model: LoadedModel, prompt: readonly TokenId[], result: RunResult, text: string) {
  const { kv, peakBytes } = model.session.memory();
  return {
    promptTokens: prompt.length,
    tokens: result.tokens,
    text,
    ttftMs: result.ttftMs,
    prefillTokensPerSecond: result.prefillTokensPerSecond,
    decodeTokensPerSecond: result.decodeTokensPerSecond,
    adapter: model.info.adapter,
    profile: model.info.profile,
    kv: { hotBytes: kv.hotBytes, fullBytes: kv.fullBytes, layers: kv.layers },
    peakBytes,
  };
}

export async function main(argv: string[]): Promise<number> {
  const args = readArguments(argv);
  const { dtype, profile, maxNewTokens, temperature, logitsOut } = args;
  const { adapter } = await openNodeAdapter();
  const model = await loadModel(adapter, nodeFolder(args.model), { dtype, profile });
  const prompt = await promptTokens(args, model);
  const rows: Float32Array<ArrayBuffer>[] = [];
  const { sampling } = model.generation;
  const result = await model.session.run(prompt, {
    sampling: { ...sampling, temperature, seed: args.seed ?? sampling.seed },
    maxNewTokens,
    stopIds: model.stopIds,
    signal: new AbortController().signal,
    ...(logitsOut !== undefined && { onLogits: (row) => rows.push(row) }),
  });
  if (logitsOut !== undefined) await writeLogits(logitsOut, rows);
  const text = model.tokenizer?.decode(result.tokens) ?? '';
  process.stdout.write(`${args.json ? JSON.stringify(report(model, prompt, result, text)) : text}\n`);
  return 0;
}
