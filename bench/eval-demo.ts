/**
 * `npm run eval:demo [-- --from FILE ...]`: what compressing costs the demo model in right answers, and what it saves, side by
 * side over generated documents, or over those that training/evaluate.py measured. See README.md.
 */
import { GREEDY } from '../src/engine/kernels/sampling';
import { loadModel, type LoadedModel } from '../src/engine/load-model';
import { readOnCpu } from '../src/engine/models/fixtures.test-support';
import type { RunResult } from '../src/engine/run';
import type { TokenId } from '../src/engine/shapes';
import type { KvSettings } from '../src/protocol';
import { readText } from '../tools/generate-prompt';
import { kvFor } from '../tools/kv-arguments';
import { nodeFolder } from '../tools/node-folder';
import { openNodeAdapter } from '../tools/node-gpu';
import { makeDocument, type EvalDocument, type Question } from './eval-documents';
import { parseEvalFile, partOf, type EvalGroup } from './eval-file';
import { readOptions, type EvalOptions } from './eval-options';
import { agreesWithReference } from './eval-reference';
import {
  kindsTable,
  lengthTable,
  rowOf,
  settingsTable,
  type LengthResult,
  type Setting,
  type Turn,
} from './eval-tally';
import { mean } from './table';

const DEMO = 'public/models/demo';
/** Of generated documents. */
const LENGTHS = [500, 1000, 2000];
const QUESTIONS_PER_DOCUMENT = 12;

interface Eval {
  readonly model: LoadedModel;
  readonly settings: readonly Setting[];
  readonly timed: number;
  /** Undefined where nothing is compared. */
  readonly reference: ReferenceCheck | undefined;
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
    { kv }: Setting,
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

/** Up to the right answer's length and its end: what goes on beyond that is wrong. */
function answerTo(
  { session, stopIds, tokenizer }: LoadedModel,
  prompt: readonly TokenId[],
  { answer }: Question,
  kv: KvSettings,
): Promise<RunResult> {
  const maxNewTokens = tokenizer!.encode(answer, { addSpecialTokens: false }).length + 1;
  return session.run(prompt, {
    ...{ sampling: GREEDY, maxNewTokens, stopIds, kv },
    signal: new AbortController().signal,
  });
}

/** Reads something that shares nothing with any conversation. */
async function forget({ session }: LoadedModel, kv: KvSettings): Promise<void> {
  const signal = new AbortController().signal;
  await session.run([0 as TokenId], { sampling: GREEDY, maxNewTokens: 1, stopIds: new Set(), signal, kv });
}

/** Setting by setting, question by question: whatever shares a trunk follows one another, so its layers read the document once. */
async function evaluateLength(
  { model, settings, timed, reference }: Eval,
  { tokens, documents }: EvalGroup,
): Promise<LengthResult> {
  const turns = settings.map((): Turn[] => []);
  const promptTokens: number[] = [];
  for (const [d, document] of documents.entries()) {
    const asked = document.questions.map((question) => ({
      question,
      prompt: promptOf(model, document, question),
    }));
    promptTokens.push(...asked.map(({ prompt }) => prompt.length));
    for (const [s, setting] of settings.entries()) {
      if (d < timed) await forget(model, setting.kv);
      for (const { question, prompt } of asked) {
        const result = await answerTo(model, prompt, question, setting.kv);
        const { hotBytes, fullBytes } = model.session.memory().kv;
        // All prompts begin alike, so a fresh reading too finds a few tokens there.
        const isFresh = result.reusedTokens < prompt.length / 2;
        turns[s]!.push({
          kind: question.kind,
          right: model.tokenizer!.decode(result.tokens) === question.answer,
          ...{ hotBytes, fullBytes, ttftMs: isFresh ? result.ttftMs : undefined },
        });
        await reference?.check(`${tokens} tokens, ${setting.name}`, setting, prompt, result);
      }
    }
    const soFar = settings.map(
      (setting, s) => `${setting.name} ${rowOf(setting, turns[s]!).exact.toFixed(3)}`,
    );
    console.error(`${tokens} tokens, document ${d + 1} of ${documents.length}: ${soFar.join(', ')}`);
  }
  return {
    ...{ tokens, promptTokens: mean(promptTokens) },
    rows: settings.map((setting, s) => rowOf(setting, turns[s]!)),
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

async function evaluate(evaluation: Eval, groups: readonly EvalGroup[]): Promise<LengthResult[]> {
  const results = [];
  for (const group of groups) {
    const result = await evaluateLength(evaluation, group);
    const { asked } = result.rows[0]!;
    console.log(`\n${asked} questions on prompts of ${result.promptTokens.toFixed(0)} tokens`);
    console.log(lengthTable(result));
    results.push(result);
  }
  if (results.length > 1) console.log(`\nexact match by tokens a prompt\n${settingsTable(results)}`);
  const kinds = kindsTable(results);
  if (kinds) console.log(`\nexact match by kind (questions) and tokens a prompt\n${kinds}`);
  return results;
}

/** Before there is a model: a file that is no good should not wait for one. */
const groupsFrom = async ({ from, lengths, questions }: EvalOptions) =>
  from === undefined
    ? undefined
    : partOf(parseEvalFile(await readText(from, 'The file of --from'), from), { lengths, questions });

export async function main(argv: string[]): Promise<number> {
  const options = readOptions(argv);
  const { from, lengths, questions, timed, reference: compared, seed, dtype, profile } = options;
  const read = await groupsFrom(options);
  const { adapter, description } = await openNodeAdapter();
  const model = await loadModel(adapter, nodeFolder(DEMO), { dtype, profile, needs: 'chat' });
  const tspLayer = options.tspLayer ?? model.info.kv.tspLayer;
  const settings = options.settings.map(({ name, kv }) => ({
    name,
    kv: kvFor({ ...kv, tspLayer }, model.info.layers, tspLayer),
  }));
  const reference =
    compared > 0 ? new ReferenceCheck(model, compared, (await readOnCpu(DEMO)).tensors) : undefined;
  console.log(`${description}, profile ${model.info.profile}, storage ${dtype}, TSP layer ${tspLayer}`);
  // What is compiled and measured only once should not count for whoever comes first.
  const [small] = makeDocuments(model, 200, 1, seed);
  const [question] = small!.questions;
  for (const { kv } of settings) await answerTo(model, promptOf(model, small!, question!), question!, kv);

  const generated = () =>
    (lengths ?? LENGTHS).map((tokens) => ({
      tokens,
      documents: makeDocuments(model, tokens, questions, seed),
    }));
  const results = await evaluate({ model, settings, timed, reference }, read ?? generated());
  const counts = reference?.counts;
  if (counts) {
    console.log(
      `\nCPU reference: ${counts.equal} turns equal, ${counts.tied} but for ties, ${counts.different} different`,
    );
  }
  const source = from === undefined ? { seed } : { from };
  const facts = { adapter: description, profile: model.info.profile, dtype, tspLayer, ...source };
  console.log(JSON.stringify({ ...facts, lengths: results, reference: counts ?? null }));
  return counts && counts.different > 0 ? 1 : 0;
}
