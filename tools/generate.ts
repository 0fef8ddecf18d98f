/** `npm run --silent generate -- --model DIR ...`: the page's engine on the command line. See README.md. */
import { writeFile } from 'node:fs/promises';
import { EngineError } from '../src/engine/errors';
import { loadModel, type LoadedModel } from '../src/engine/load-model';
import type { RunResult } from '../src/engine/run';
import type { ChatMessage, KvSettings, SelectionReport } from '../src/protocol';
import { readArguments, type Arguments } from './generate-arguments';
import { chatPrompt, readPrompt, readTexts, tokenizerOf, type Prompt } from './generate-prompt';
import { kvFor } from './kv-arguments';
import { nodeFolder } from './node-folder';
import { openNodeAdapter } from './node-gpu';

type LogitsRow = Float32Array<ArrayBuffer>;

interface Generator {
  readonly args: Arguments;
  readonly model: LoadedModel;
  readonly kv: KvSettings;
}

/** One turn, and what it printed: the text, and all that --json tells. */
interface Turn {
  readonly result: RunResult;
  readonly text: string;
  readonly report: object;
}

async function runTurn(generator: Generator, prompt: Prompt, rows?: LogitsRow[]): Promise<Turn> {
  const { args, model, kv } = generator;
  const { sampling } = model.generation;
  const result = await model.session.run(prompt.tokens, {
    sampling: { ...sampling, temperature: args.temperature, seed: args.seed ?? sampling.seed },
    maxNewTokens: args.maxNewTokens,
    stopIds: model.stopIds,
    signal: new AbortController().signal,
    kv,
    headerTokens: prompt.header,
    ...(rows && { onLogits: (row) => rows.push(row) }),
  });
  const text = model.tokenizer?.decode(result.tokens) ?? '';
  const selection = await model.session.selection();
  return { result, text, report: describe(generator, prompt, { result, text, selection }) };
}

function describe(
  { args, model }: Generator,
  { tokens: prompt }: Prompt,
  turn: { result: RunResult; text: string; selection: SelectionReport | undefined },
): object {
  const { result, text, selection } = turn;
  const { kv, peakBytes } = model.session.memory();
  const propagated = selection?.propagated;
  return {
    promptTokens: prompt.length,
    reusedTokens: result.reusedTokens,
    tokens: result.tokens,
    text,
    ttftMs: result.ttftMs,
    lowerMs: result.lowerMs,
    selectMs: result.selectMs,
    upperMs: result.upperMs,
    prefillTokensPerSecond: result.prefillTokensPerSecond,
    decodeTokensPerSecond: result.decodeTokensPerSecond,
    adapter: model.info.adapter,
    profile: model.info.profile,
    kv: {
      hotBytes: kv.hotBytes,
      trunkBytes: kv.trunkBytes,
      parkedBytes: kv.parkedBytes,
      scratchPeakBytes: kv.scratchPeakBytes,
      fullBytes: kv.fullBytes,
      layers: kv.layers,
    },
    tsp: propagated ? { layer: selection.tspLayer, positions: [...propagated] } : null,
    coverage: result.compression.coverage ?? null,
    ...(args.dumpKept && { kept: keptPositions(model, prompt.length, selection) }),
    peakBytes,
  };
}

/** Original positions, ascending, in the hot cache when the prompt was read. [L][G][kept] */
function keptPositions(
  { info }: LoadedModel,
  promptTokens: number,
  selection: SelectionReport | undefined,
): number[][][] {
  const all = () => Array.from({ length: promptTokens }, (_, position) => position);
  const heads = <T>(of: (l: number, g: number) => T) =>
    Array.from({ length: info.layers }, (_, l) => Array.from({ length: info.kvHeads }, (_, g) => of(l, g)));
  return heads((l, g) => (selection?.kept ? [...selection.kept[l]![g]!] : all()));
}

async function writeLogits(file: string, rows: readonly LogitsRow[]): Promise<void> {
  const bytes = Buffer.concat(rows.map((row) => new Uint8Array(row.buffer)));
  await writeFile(file, bytes).catch((thrown: unknown) => {
    throw new EngineError('bad-argument', `--logits-out cannot be written: ${(thrown as Error).message}.`);
  });
}

const print = (line: string) => process.stdout.write(`${line}\n`);

/** One prompt, one answer. */
async function runPrompt(generator: Generator): Promise<void> {
  const { args, model } = generator;
  const { logitsOut } = args;
  const prompt = await readPrompt(args, model);
  const rows: LogitsRow[] = [];
  const { text, report } = await runTurn(generator, prompt, logitsOut === undefined ? undefined : rows);
  if (logitsOut !== undefined) await writeLogits(logitsOut, rows);
  print(args.json ? JSON.stringify(report) : text);
}

/** Each message in its turn; what the model answers becomes part of the conversation, as the page would send it. */
async function runDialogue(generator: Generator, questions: readonly string[]): Promise<void> {
  const tokenizer = tokenizerOf(generator.model);
  const messages: ChatMessage[] = [];
  for (const [turn, content] of questions.entries()) {
    messages.push({ role: 'user', content });
    const { text, report } = await runTurn(generator, chatPrompt(tokenizer, messages));
    messages.push({ role: 'assistant', content: text });
    print(JSON.stringify({ turn, ...report }));
  }
}

export async function main(argv: string[]): Promise<number> {
  const args = readArguments(argv);
  const { dtype, quantise, profile, turns } = args;
  const questions = turns === undefined ? undefined : await readTexts(turns, '--turns');
  const { adapter } = await openNodeAdapter();
  const needs = questions && 'chat';
  const model = await loadModel(adapter, nodeFolder(args.model), { dtype, quantise, profile, needs });
  const kv = kvFor(args.kv, model.info.layers, model.info.kv.tspLayer);
  const generator = { args, model, kv };
  await (questions ? runDialogue(generator, questions) : runPrompt(generator));
  return 0;
}
