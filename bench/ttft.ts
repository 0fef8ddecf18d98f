/**
 * `npm run bench:ttft [-- --lengths 1024,2048,4096,8192 --rounds N --dtype D --profile P --retain R ...]`: time to first token,
 * decoding and memory with the full cache and with FastKV, side by side in one run, and what a follow-up costs in turn
 * mode exact. A random Llama of 16 layers, made here: times do not depend on what the weights say.
 */
import { GREEDY } from '../src/engine/kernels/sampling';
import { loadModel, type LoadedModel } from '../src/engine/load-model';
import { randomLlamaFolder } from '../src/engine/models/random-llama';
import type { RunResult } from '../src/engine/run';
import type { TokenId } from '../src/engine/shapes';
import type { KvSettings, MemoryReport, StorageDtype } from '../src/protocol';
import { parseOptions, readChoice, readNumber, readProfile, TEXT } from '../tools/arguments';
import { KV_OPTIONS, KV_USAGE, kvFor, readKv } from '../tools/kv-arguments';
import { openNodeAdapter } from '../tools/node-gpu';
import { seeded } from './eval-words';
import { bytesText, formatTable, mean, median } from './table';
import {
  checkBars,
  followUpRatio,
  hotShare,
  reReadRatio,
  ttftRatio,
  type LengthResult,
  type SideResult,
} from './ttft-bars';

/** Small enough for a software adapter; at 4k tokens its attention is half of the work, of a 1B model's a sixth. */
const LLAMA = { L: 16, H: 4, G: 2, D: 32, C: 192, F: 576, V: 512, seed: 1 };
const ANSWER_TOKENS = 12;
const QUESTION_TOKENS = 32;
/** No new round of a length begins after this. */
const ENOUGH_MS = 60_000;

const USAGE =
  'bench:ttft [--lengths 1024,2048,4096,8192] [--rounds N (3, fewer where they take long)] [--dtype f32|f16] ' +
  `[--profile auto|portable|fast|software] ${KV_USAGE}`;

interface Side {
  readonly model: LoadedModel;
  readonly kv: KvSettings;
}

interface Turn {
  readonly result: RunResult;
  /** When the first token was there. */
  readonly memory: MemoryReport;
}

async function turn(
  { model: { session }, kv }: Side,
  prompt: readonly TokenId[],
  tokens: number,
): Promise<Turn> {
  let memory: MemoryReport | undefined;
  const result = await session.run(prompt, {
    sampling: GREEDY,
    maxNewTokens: tokens,
    stopIds: new Set(),
    signal: new AbortController().signal,
    kv,
    onFirstToken: () => (memory = session.memory()),
  });
  return { result, memory: memory! };
}

/** Reads something that shares nothing with any prompt: token 0 is in none. */
const forget = (side: Side) => turn(side, [0 as TokenId], 1);

/** Ids from 1 to V - 1. */
function randomTokens(count: number, seed: number): TokenId[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => (1 + random.below(LLAMA.V - 1)) as TokenId);
}

interface Round {
  readonly full: Turn;
  readonly fastkv: Turn;
  readonly followUp: Turn;
  readonly reRead: Turn;
}

/** One after the other on both sides, so that a busy machine slows both. */
async function round(full: Side, fastkv: Side, tokens: number): Promise<Round> {
  const first = randomTokens(tokens, tokens);
  await forget(full);
  const fullTurn = await turn(full, first, ANSWER_TOKENS);
  await forget(fastkv);
  const fastTurn = await turn(fastkv, first, ANSWER_TOKENS);
  const second = [...first, ...fastTurn.result.tokens, ...randomTokens(QUESTION_TOKENS, tokens + 1)];
  const followUp = await turn(fastkv, second, 1);
  await forget(full);
  const reRead = await turn(full, second, 1);
  return { full: fullTurn, fastkv: fastTurn, followUp, reRead };
}

async function measure(full: Side, fastkv: Side, tokens: number, most: number): Promise<LengthResult> {
  const rounds: Round[] = [];
  const began = performance.now();
  while (rounds.length < most && (rounds.length === 0 || performance.now() - began < ENOUGH_MS)) {
    rounds.push(await round(full, fastkv, tokens));
  }
  const [{ followUp }] = rounds as [Round];
  const ttft = (which: keyof Round) => median(rounds.map((one) => one[which].result.ttftMs!));
  const side = ({ model }: Side, which: 'full' | 'fastkv'): SideResult => {
    const { hotBytes, trunkBytes, scratchPeakBytes, fullBytes } = rounds[0]![which].memory.kv;
    return {
      ttftMs: ttft(which),
      decodeTokensPerSecond: median(rounds.map((one) => one[which].result.decodeTokensPerSecond)),
      ...{ hotBytes, trunkBytes, scratchPeakBytes, fullBytes },
      peakBytes: model.session.memory().peakBytes,
    };
  };
  const shares = rounds.map(({ fastkv: { result: r } }) => r.selectMs / (r.lowerMs + r.selectMs + r.upperMs));
  return {
    tokens,
    rounds: rounds.length,
    full: { ...side(full, 'full'), reReadMs: ttft('reRead') },
    fastkv: {
      ...side(fastkv, 'fastkv'),
      followUpMs: ttft('followUp'),
      followUpTokens: tokens + ANSWER_TOKENS + QUESTION_TOKENS - followUp.result.reusedTokens,
      selectShare: mean(shares),
    },
  };
}

function printLength(result: LengthResult): void {
  const { tokens, rounds, full, fastkv } = result;
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const times = (value: number) => value.toFixed(2);
  const rows: [string, string, string, string][] = [
    ['time to first token', ms(full.ttftMs), ms(fastkv.ttftMs), times(ttftRatio(result))],
    [
      'tokens a second',
      full.decodeTokensPerSecond.toFixed(1),
      fastkv.decodeTokensPerSecond.toFixed(1),
      times(fastkv.decodeTokensPerSecond / full.decodeTokensPerSecond),
    ],
    ['hot cache', bytesText(full.hotBytes), bytesText(fastkv.hotBytes), times(1 / hotShare(result))],
    ['trunk', bytesText(full.trunkBytes), bytesText(fastkv.trunkBytes), ''],
    ['scratch, peak', bytesText(full.scratchPeakBytes), bytesText(fastkv.scratchPeakBytes), ''],
    ['full cache would take', bytesText(full.fullBytes), bytesText(fastkv.fullBytes), ''],
    ['all buffers, peak', bytesText(full.peakBytes), bytesText(fastkv.peakBytes), ''],
    ['follow-up', ms(full.reReadMs), ms(fastkv.followUpMs), times(reReadRatio(result))],
  ];
  console.log(`\n${tokens} tokens, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`);
  console.log(formatTable(['', 'full', 'fastkv', 'ratio'], rows));
  console.log(
    `first turn / follow-up ${times(followUpRatio(result))} (${fastkv.followUpTokens} tokens read; full reads all again); ` +
      `scoring and selecting ${(100 * fastkv.selectShare).toFixed(2)} % of prefill`,
  );
}

function readOptions(argv: string[]) {
  const options = {
    lengths: { ...TEXT, default: '1024,2048,4096,8192' },
    rounds: { ...TEXT, default: '3' },
    dtype: { ...TEXT, default: 'f16' },
    profile: { ...TEXT, default: 'auto' },
    ...KV_OPTIONS,
  } as const;
  const args = parseOptions(argv, options, USAGE);
  const whole = (name: string, text: string) => readNumber(name, text, USAGE, true);
  const profile = readProfile(args.profile, USAGE);
  return {
    lengths: args.lengths
      .split(',')
      .map((length) => whole('lengths', length))
      .sort((a, b) => a - b),
    rounds: whole('rounds', args.rounds),
    dtype: readChoice<StorageDtype>('dtype', args.dtype, ['f32', 'f16'], USAGE),
    profile,
    kv: readKv(args, USAGE, 'fastkv'),
  };
}

export async function main(argv: string[]): Promise<number> {
  const { lengths, rounds, dtype, profile, kv } = readOptions(argv);
  // A session each: peaks are counted over a session's life. An adapter gives one device.
  const open = async (settings: KvSettings): Promise<Side & { description: string }> => {
    const { adapter, description } = await openNodeAdapter();
    const model = await loadModel(adapter, randomLlamaFolder(LLAMA), { dtype, profile });
    return { model, kv: kvFor(settings, LLAMA.L, model.info.kv.tspLayer), description };
  };
  const full = await open({ ...kv, policy: 'full', turnMode: 'full' });
  const fastkv = await open(kv);
  const { info } = fastkv.model;
  const { retain, tspRate, tspLayer } = fastkv.kv;
  const settings = `r = ${retain}, t = ${tspRate}, TSP layer ${tspLayer} of ${LLAMA.L}`;
  console.log(`${full.description}, profile ${info.profile}, storage ${dtype}; ${settings}`);
  // The pacer learns the device's speed, drivers finish compiling.
  await round(full, fastkv, Math.min(512, lengths[0]!));

  const results: LengthResult[] = [];
  for (const tokens of lengths) {
    const result = await measure(full, fastkv, tokens, rounds);
    printLength(result);
    results.push(result);
  }
  const bars = checkBars(results, retain);
  console.log();
  for (const { name, measured, needed, passed } of bars) {
    const values = [measured].flat().map((value) => value.toPrecision(3));
    console.log(`${passed ? 'pass' : 'FAIL'}  ${name}: ${values.join(', ')} (${needed})`);
  }
  const facts = {
    adapter: full.description,
    profile: info.profile,
    dtype,
    model: LLAMA,
    retain,
    tspRate,
    tspLayer,
  };
  console.log(JSON.stringify({ ...facts, lengths: results, bars }));
  return bars.every(({ passed }) => passed) ? 0 : 1;
}
