/** Questions that others wrote down, so that the engine's figures and theirs are on the very same ones: JSON lines, one a document. */
import * as v from 'valibot';
import { EngineError } from '../src/engine/errors';
import { shown } from '../src/engine/json';
import { QUESTION_KINDS, type EvalDocument } from './eval-documents';

/** Documents that share a column. */
export interface EvalGroup {
  /** About how many tokens a prompt has. */
  readonly tokens: number;
  readonly documents: readonly EvalDocument[];
}

const text = v.pipe(v.string(), v.nonEmpty());
const lineSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    length: v.pipe(v.number(), v.integer(), v.minValue(1)),
    text,
    questions: v.pipe(
      v.array(v.object({ kind: v.picklist(QUESTION_KINDS), question: text, answer: text })),
      v.nonEmpty(),
    ),
  }),
);

const NEEDED =
  'A line is {"length": 4000, "text": "...", "questions": [{"kind": "single", "question": "...", "answer": "..."}]}, ' +
  `no text empty, with kinds ${QUESTION_KINDS.join(', ')}; training/evaluate.py --write FILE makes such files.`;

const unfit = (what: string) => new EngineError('bad-argument', `${what}. ${NEEDED}`);

/** By length, ascending; documents in the file's order. Throws `bad-argument`, naming the line and what is wrong there. */
export function parseEvalFile(content: string, file: string): EvalGroup[] {
  const groups = new Map<number, EvalDocument[]>();
  for (const [i, line] of content.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { success, output, issues } = v.safeParse(lineSchema, line);
    if (!success) throw unfit(`${file}, line ${i + 1}: ${flaw(issues[0])}`);
    const { length, ...document } = output;
    const group = groups.get(length);
    if (group) group.push(document);
    else groups.set(length, [document]);
  }
  if (groups.size === 0) throw unfit(`${file} has no line`);
  return [...groups].sort(([a], [b]) => a - b).map(([tokens, documents]) => ({ tokens, documents }));
}

function flaw(issue: v.InferIssue<typeof lineSchema>): string {
  if (issue.type === 'parse_json') return 'it is not JSON';
  const what = v.getDotPath(issue) ?? 'it';
  return issue.input === undefined ? `${what} is missing` : `${what} is ${shown(issue.input)}`;
}

export interface Part {
  /** Every one, where undefined. */
  readonly lengths: readonly number[] | undefined;
  /** Of each length, the first ones: a few documents then serve them all. */
  readonly questions: number;
}

/** Throws `bad-argument` for a length that is not there. */
export function partOf(groups: readonly EvalGroup[], { lengths, questions }: Part): EvalGroup[] {
  const found = groups.map(({ tokens }) => tokens);
  const lacking = lengths?.find((length) => !found.includes(length));
  if (lacking !== undefined) {
    const message = `--lengths asks for ${lacking}; the file has documents of ${found.join(', ')} tokens.`;
    throw new EngineError('bad-argument', message);
  }
  return groups
    .filter(({ tokens }) => lengths?.includes(tokens) ?? true)
    .map(({ tokens, documents }) => ({ tokens, documents: firstQuestions(documents, questions) }));
}

function firstQuestions(documents: readonly EvalDocument[], most: number): EvalDocument[] {
  const out: EvalDocument[] = [];
  let left = most;
  for (const { text, questions } of documents) {
    if (left <= 0) break;
    out.push({ text, questions: questions.slice(0, left) });
    left -= questions.length;
  }
  return out;
}
