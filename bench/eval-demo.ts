/**
 * `npm run eval:demo [-- --questions N --lengths 500,1000,2000 --reference N --dtype D --profile P --seed S]`: what compressing
 * costs the demo model in right answers, and what it saves, side by side over generated documents.
 */
import { GREEDY } from '../src/engine/kernels/sampling';
import { PAPER } from '../src/engine/kv/reading-plan';
import { loadModel, type LoadedModel } from '../src/engine/load-model';
import { readOnCpu } from '../src/engine/models/fixtures.test-support';
import type { RunResult } from '../src/engine/run';
import type { TokenId } from '../src/engine/shapes';
import type { KvSettings, StorageDtype } from '../src/protocol';
import { parseOptions, readChoice, readNumber, readProfile, TEXT } from '../tools/arguments';
import { nodeFolder } from '../tools/node-folder';
import { openNodeAdapter } from '../tools/node-gpu';
import { makeDocument, type EvalDocument, type Question } from './eval-documents';
import { agreesWithReference } from './eval-reference';
import { bytesText, formatTable, mean, median } from './table';

const DEMO = 'public/models/demo';
const USAGE =
  'eval:demo [--questions N (72, of each length)] [--lengths 500,1000,2000] [--reference N (1)] [--seed S (1)] ' +
  '[--dtype f32|f16] [--profile auto|portable|fast|software]';
const QUESTIONS_PER_DOCUMENT = 12;
/** Documents of each length whose first question is read afresh with every setting, for its time. */
const TIMED_DOCUMENTS = 3;
/** The longest answer has about ten. */
const MAX_NEW_TOKENS = 24;

interface Config {
  readonly name: string;
  readonly kv: KvSettings;
}

/** What one setting made of one length. */
class Tally {
  right = 0;
  readonly hotBytes: number[] = [];
  readonly ttftMs: number[] = [];

  constructor(readonly config: Config) {}

  get asked(): number {
    return this.hotBytes.length;
  }

  /** As a row of the JSON line. */
  get row() {
    const { policy, retain, tspRate } = this.config.kv;
    return {
      config: this.config.name,
      retain: policy === 'full' ? 1 : retain,
      tspRate: policy === 'full' ? 1 : tspRate,
      asked: this.asked,
      right: this.right,
      exact: this.right / this.asked,
      hotBytes: mean(this.hotBytes),
      ttftMs: median(this.ttftMs),
    };
  }
}

/** Those that share a trunk stand side by side: a document then goes through the layers up to T once for all of them. */
function configsFor(tspLayer: number | undefined): readonly Config[] {
  const base = { ...PAPER, tspLayer };
  const fastkv = (name: string, retain: number, tspRate: number): Config => ({
    name: `${name} r=${retain}${tspRate < 1 ? ` t=${tspRate}` : ''}`,
    kv: { ...base, policy: 'fastkv', turnMode: 'exact', retain, tspRate },
  });
  return [
    { name: 'full', kv: { ...base, policy: 'full', turnMode: 'full' } },
    ...[0.1, 0.2, 0.5].map((r) => fastkv('TSP off', r, 1)),
    ...[0.2, 0.5].flatMap((t) => [0.1, 0.2, 0.5].map((r) => fastkv('fastkv', r, t))),
  ];
}

interface Eval {
  readonly model: LoadedModel;
  readonly configs: readonly Config[];
  /** Questions left to compare with the CPU reference, by length. */
  readonly reference: ReferenceCheck;
}

/** Counts agreements with the CPU reference over the first questions of every length and setting. */
class ReferenceCheck {
  readonly counts = { equal: 0, tied: 0, different: 0 };
  readonly #checked = new Map<string, number>();

  constructor(
    private readonly model: LoadedModel,
    private readonly wanted: number,
    private readonly tensors: Awaited<ReturnType<typeof readOnCpu>>['tensors'],
  ) {}

  async check(
    where: string,
    { kv }: Config,
    prompt: readonly TokenId[],
    { tokens }: RunResult,
  ): Promise<void> {
    const before = this.#checked.get(where) ?? 0;
    if (before >= this.wanted) return;
    this.#checked.set(where, before + 1);
    const selection = (await this.model.session.selection())!;
    const agreement = agreesWithReference(this.model, this.tensors, {
      prompt,
      kv,
      answer: tokens,
      selection,
    });
    if (typeof agreement === 'string') this.counts[agreement]++;
    else {
      this.counts.different++;
      console.log(`${where}, question ${before}, differs from the CPU reference: ${agreement.difference}`);
    }
  }
}

const promptOf = ({ tokenizer }: LoadedModel, { text }: EvalDocument, { question }: Question) =>
  tokenizer!.chat([{ role: 'user', content: `${text}\n\n${question}` }], { addGenerationPrompt: true });

const answerTo = ({ session, stopIds }: LoadedModel, prompt: readonly TokenId[], kv: KvSettings) =>
  session.run(prompt, {
    sampling: GREEDY,
    maxNewTokens: MAX_NEW_TOKENS,
    stopIds,
    signal: new AbortController().signal,
    kv,
  });

/** Reads something that shares nothing with any conversation. */
async function forget({ session }: LoadedModel, kv: KvSettings): Promise<void> {
  const signal = new AbortController().signal;
  await session.run([0 as TokenId], { sampling: GREEDY, maxNewTokens: 1, stopIds: new Set(), signal, kv });
}

async function evaluateLength(
  { model, configs, reference }: Eval,
  tokens: number,
  documents: readonly EvalDocument[],
) {
  const tallies = configs.map((config) => new Tally(config));
  const promptTokens: number[] = [];
  for (const [d, document] of documents.entries()) {
    for (const tally of tallies) {
      const { kv } = tally.config;
      if (d < TIMED_DOCUMENTS) await forget(model, kv);
      for (const [q, question] of document.questions.entries()) {
        const prompt = promptOf(model, document, question);
        const result = await answerTo(model, prompt, kv);
        if (tally.config === configs[0]) promptTokens.push(prompt.length);
        if (d < TIMED_DOCUMENTS && q === 0) tally.ttftMs.push(result.ttftMs!);
        tally.hotBytes.push(model.session.memory().kv.hotBytes);
        if (model.tokenizer!.decode(result.tokens) === question.answer) tally.right++;
        await reference.check(`${tokens} tokens, ${tally.config.name}`, tally.config, prompt, result);
      }
    }
  }
  return { tokens, promptTokens: mean(promptTokens), rows: tallies.map(({ row }) => row) };
}

function printLength({ promptTokens, rows }: Awaited<ReturnType<typeof evaluateLength>>): void {
  const full = rows[0]!;
  console.log(`\n${full.asked} questions on prompts of ${promptTokens.toFixed(0)} tokens`);
  const head = ['', 'exact match', 'hot cache', 'of full', 'TTFT', 'full / this'];
  const lines = rows.map(({ config, exact, hotBytes, ttftMs }) => [
    config,
    exact.toFixed(3),
    bytesText(hotBytes),
    `${((100 * hotBytes) / full.hotBytes).toFixed(1)} %`,
    `${ttftMs.toFixed(0)} ms`,
    (full.ttftMs / ttftMs).toFixed(2),
  ]);
  console.log(formatTable(head, lines));
}

function readOptions(argv: string[]) {
  const options = {
    questions: { ...TEXT, default: '72' },
    lengths: { ...TEXT, default: '500,1000,2000' },
    reference: { ...TEXT, default: '1' },
    seed: { ...TEXT, default: '1' },
    dtype: { ...TEXT, default: 'f32' },
    profile: { ...TEXT, default: 'auto' },
  } as const;
  const args = parseOptions(argv, options, USAGE);
  const whole = (name: string, text: string) => readNumber(name, text, USAGE, true);
  const profile = readProfile(args.profile, USAGE);
  return {
    questions: Math.max(1, whole('questions', args.questions)),
    lengths: args.lengths.split(',').map((length) => whole('lengths', length)),
    reference: whole('reference', args.reference),
    seed: whole('seed', args.seed),
    dtype: readChoice<StorageDtype>('dtype', args.dtype, ['f32', 'f16'], USAGE),
    profile,
  };
}

/** Documents of about `tokens` tokens with `questions` questions in all. */
function makeDocuments({ tokenizer }: LoadedModel, tokens: number, questions: number, seed: number) {
  const count = (text: string) => tokenizer!.encode(text, { addSpecialTokens: false }).length;
  const asked = (d: number) => Math.min(QUESTIONS_PER_DOCUMENT, questions - d * QUESTIONS_PER_DOCUMENT);
  return Array.from({ length: Math.ceil(questions / QUESTIONS_PER_DOCUMENT) }, (_, d) =>
    makeDocument({ tokens, questions: asked(d), seed: seed + 1000 * tokens + d }, count),
  );
}

export async function main(argv: string[]): Promise<number> {
  const { questions, lengths, reference: compared, seed, dtype, profile } = readOptions(argv);
  const { adapter, description } = await openNodeAdapter();
  const model = await loadModel(adapter, nodeFolder(DEMO), { dtype, profile, needs: 'chat' });
  const { tensors } = await readOnCpu(DEMO);
  const { tspLayer } = model.info.kv;
  const configs = configsFor(tspLayer);
  const reference = new ReferenceCheck(model, compared, tensors);
  console.log(`${description}, profile ${model.info.profile}, storage ${dtype}, TSP layer ${tspLayer}`);
  // What is compiled and measured only once should not count for whoever comes first.
  const [small] = makeDocuments(model, 200, 1, seed);
  for (const { kv } of configs) await answerTo(model, promptOf(model, small!, small!.questions[0]!), kv);

  const results = [];
  for (const tokens of lengths) {
    const documents = makeDocuments(model, tokens, questions, seed);
    const result = await evaluateLength({ model, configs, reference }, tokens, documents);
    printLength(result);
    results.push(result);
  }
  const { counts } = reference;
  if (compared > 0) {
    console.log(
      `\nCPU reference: ${counts.equal} turns equal, ${counts.tied} but for ties, ${counts.different} different`,
    );
  }
  const facts = { adapter: description, profile: model.info.profile, dtype, tspLayer, seed };
  console.log(JSON.stringify({ ...facts, lengths: results, reference: compared > 0 ? counts : null }));
  return counts.different > 0 ? 1 : 0;
}
