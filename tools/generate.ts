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

type Arguments = ReturnType<typeof parse>;

async function promptTokens(args: Arguments, { tokenizer, info }: LoadedModel): Promise<TokenId[]> {
  const given = [args.prompt, args['prompt-file'], args.tokens].filter((value) => value !== undefined);
  if (given.length !== 1) throw bad('Give one of --prompt, --prompt-file and --tokens.');
  if (args.tokens !== undefined) {
    return args.tokens.split(',').map((id) => number('tokens', id, 0, true) as TokenId);
  }
  if (!tokenizer) {
    throw new EngineError(
      'file-missing',
      `There is no tokenizer.json in ${info.name}. Add it, or give --tokens.`,
    );
  }
  const text = args.prompt ?? (await readPrompt(args['prompt-file']!));
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
  await writeFile(file, Buffer.concat(rows.map((row) => new Uint8Array(row.buffer))));
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
  const args = parse(argv);
  if (args.model === undefined) throw bad('--model is missing.');
  const dtype = oneOf<StorageDtype>('dtype', args.dtype, ['f32', 'f16']);
  const profile = oneOf<Profile | 'auto'>('profile', args.profile, ['auto', 'portable', 'fast', 'software']);
  const maxNewTokens = number('max-new', args['max-new'], 64, true);
  if (maxNewTokens === 0) throw bad('--max-new is 0; at least one token is needed.');
  const { adapter } = await openNodeAdapter();
  const model = await loadModel(adapter, nodeFolder(args.model), {
    dtype,
    profile: profile === 'auto' ? undefined : profile,
  });
  const prompt = await promptTokens(args, model);
  const rows: Float32Array<ArrayBuffer>[] = [];
  const { sampling } = model.generation;
  const result = await model.session.run(prompt, {
    sampling: {
      ...sampling,
      temperature: number('temperature', args.temperature, 0, false),
      seed: number('seed', args.seed, sampling.seed, true),
    },
    maxNewTokens,
    stopIds: model.stopIds,
    signal: new AbortController().signal,
    ...(args['logits-out'] !== undefined && { onLogits: (row) => rows.push(row) }),
  });
  if (args['logits-out'] !== undefined) await writeLogits(args['logits-out'], rows);
  const text = model.tokenizer?.decode(result.tokens) ?? '';
  process.stdout.write(`${args.json ? JSON.stringify(report(model, prompt, result, text)) : text}\n`);
  return 0;
}
