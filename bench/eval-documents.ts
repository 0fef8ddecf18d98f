/** Documents of invented facts with questions on them, as the demo model was trained on: seeded, of a length in tokens. */
import { draw, fill, KINDS, seeded, type Random } from './eval-words';

/** As training/dialogues.py has them: one fact, two on a thing, a fact on what another names, how many, what is not told, small talk. */
export const QUESTION_KINDS = ['single', 'several', 'two-step', 'count', 'absent', 'chat'] as const;
export type QuestionKind = (typeof QUESTION_KINDS)[number];

export interface Question {
  readonly kind: QuestionKind;
  readonly question: string;
  readonly answer: string;
}

export interface EvalDocument {
  readonly text: string;
  readonly questions: readonly Question[];
}

interface Fact extends Omit<Question, 'kind'> {
  readonly sentence: string;
}

export interface DocumentRequest {
  /** Of the text alone; the last fact goes past this count. */
  readonly tokens: number;
  readonly questions: number;
  readonly seed: number;
}

/**
 * Half of the sentences are facts, half say nothing, all shuffled; questions are on different facts, chosen at random. The
 * same request and tokenizer give the same document.
 */
export function makeDocument(request: DocumentRequest, countTokens: (text: string) => number): EvalDocument {
  const random = seeded(request.seed);
  const facts: Fact[] = [];
  const sentences: string[] = [];
  const used = new Set<string>();
  let tokens = 0;
  const goesOn = () => tokens < request.tokens || facts.length < request.questions;
  while (goesOn()) {
    for (const fact of newFacts(random, used)) {
      if (!goesOn()) break;
      const pair = [fact.sentence, draw(random, 'filler')];
      facts.push(fact);
      sentences.push(...pair);
      tokens += countTokens(` ${pair.join(' ')}`);
    }
  }
  const text = paragraphs(random, shuffled(random, sentences)).join('\n\n');
  const questions = shuffled(random, facts).slice(0, request.questions);
  return { text, questions: questions.map(({ question, answer }) => ({ kind: 'single', question, answer })) };
}

/** One to three facts about a thing that is not in `used` yet. */
function newFacts(random: Random, used: Set<string>): Fact[] {
  const kind = random.from(KINDS);
  const thing = fill(random, kind.name);
  if (used.has(thing)) return newFacts(random, used);
  used.add(thing);
  const attributes = shuffled(random, kind.attributes).slice(0, 1 + random.below(3));
  return attributes.map(({ value: drawn, facts, questions, answer }) => {
    const value = draw(random, drawn);
    const say = (form: string) => form.replace('{thing}', thing).replace('{value}', value);
    return {
      sentence: say(random.from(facts)),
      question: say(random.from(questions)),
      answer: say(answer),
    };
  });
}

/** Fisher and Yates. */
function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** Of three to seven sentences. */
function paragraphs(random: Random, sentences: readonly string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < sentences.length;) {
    const count = 3 + random.below(5);
    out.push(sentences.slice(i, i + count).join(' '));
    i += count;
  }
  return out;
}
