/**
 * `npm run bench:turns [-- --model DIR --profile P --dtype D]`: what the shape of a turn is worth, as ratios of one run:
 * a follow-up against reading everything again, and decoding with a step in flight against waiting for each token.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GREEDY } from '../src/engine/kernels/sampling';
import { loadModel, type LoadedModel } from '../src/engine/load-model';
import type { RunOptions } from '../src/engine/run';
import type { TokenId } from '../src/engine/shapes';
import type { ChatMessage, Profile, StorageDtype } from '../src/protocol';
import { nodeFolder } from '../tools/node-folder';
import { openNodeAdapter } from '../tools/node-gpu';

const DEMO = 'public/models/demo';
const SAMPLES = 5;
const NEW_TOKENS = 48;

interface Sample {
  readonly text: string;
  readonly questions: readonly { readonly question: string; readonly model_full_cache: string }[];
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function conversation({ tokenizer }: LoadedModel): { first: TokenId[]; second: TokenId[] } {
  const [, sample] = JSON.parse(readFileSync(`${DEMO}/samples.json`, 'utf8')) as [Sample, Sample];
  const [one, two] = sample.questions;
  const messages: ChatMessage[] = [
    { role: 'user', content: `${sample.text}\n\n${one!.question}` },
    { role: 'assistant', content: one!.model_full_cache },
    { role: 'user', content: two!.question },
  ];
  const chat = (count: number) => tokenizer!.chat(messages.slice(0, count), { addGenerationPrompt: true });
  return { first: chat(1), second: chat(3) };
}

export async function main(argv: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: argv, options: { model: text, profile: text, dtype: text } });
  const { adapter, description } = await openNodeAdapter();
  const model = await loadModel(adapter, nodeFolder(values.model ?? DEMO), {
    profile: values.profile as Profile | undefined,
    dtype: values.dtype as StorageDtype | undefined,
  });
  const { first, second } = conversation(model);
  const signal = new AbortController().signal;
  const run = (prompt: readonly TokenId[], more: Partial<RunOptions> = {}) =>
    model.session.run(prompt, { sampling: GREEDY, maxNewTokens: 2, stopIds: new Set(), signal, ...more });
  const forget = () => run([0 as TokenId]);

  const fresh: number[] = [];
  const followUp: number[] = [];
  const waiting: number[] = [];
  const piped: number[] = [];
  let reused = 0;
  for (let i = 0; i < SAMPLES; i++) {
    await forget();
    fresh.push((await run(second)).ttftMs!);
    await forget();
    await run(first);
    const again = await run(second);
    followUp.push(again.ttftMs!);
    reused = again.reusedTokens;
    // Feeding back what was drawn is the same work without the overlap.
    const { tokens, decodeTokensPerSecond } = await run(first, { maxNewTokens: NEW_TOKENS });
    piped.push(decodeTokensPerSecond);
    waiting.push((await run(first, { maxNewTokens: NEW_TOKENS, forced: tokens })).decodeTokensPerSecond);
  }
  const result = {
    adapter: description,
    profile: model.info.profile,
    dtype: model.info.dtype,
    promptTokens: second.length,
    followUpTokensRead: second.length - reused,
    freshTtftMs: median(fresh),
    followUpTtftMs: median(followUp),
    followUpSpeedup: median(fresh) / median(followUp),
    waitingTokensPerSecond: median(waiting),
    pipelinedTokensPerSecond: median(piped),
    pipelineSpeedup: median(piped) / median(waiting),
  };
  for (const [name, value] of Object.entries(result)) {
    console.log(`${name.padEnd(26)} ${typeof value === 'number' ? value.toPrecision(4) : value}`);
  }
  console.log(JSON.stringify(result));
  return 0;
}
