/** How much of a model's context the next turn would fill, in tokens, and when that is too much. */
import type { ModelInfo } from '../../protocol';
import { pendingDocuments, tokensOf, type AssistantMessage, type Conversation } from './conversation';
import { answerOf } from './reasoning';

export interface ContextUse {
  readonly documents: number;
  /** What was said so far, with the chat template around it. */
  readonly conversation: number;
  readonly draft: number;
}

export const totalOf = ({ documents, conversation, draft }: ContextUse): number =>
  documents + conversation + draft;

/** A model reads one token fewer than its context holds. What exceeds it is not sent, and never cut to fit. */
export const exceedsContext = (
  tokens: number,
  { contextLength }: Pick<ModelInfo, 'contextLength'>,
): boolean => tokens >= contextLength;

/** From this share on the answer may be cut off, and the visitor is told. */
const NEARLY_FULL = 0.9;

export const isNearlyFull = (tokens: number, { contextLength }: Pick<ModelInfo, 'contextLength'>): boolean =>
  tokens >= contextLength * NEARLY_FULL;

type Said = Pick<Conversation, 'documents' | 'order' | 'messages'>;

/**
 * Without the draft, as far as it is known: documents by their own counts; the conversation by what the last turn of
 * which the next prompt tells came to, without the documents of that turn. So taking one out shows at once.
 */
export function heldUse(state: Said): Omit<ContextUse, 'draft'> {
  const documents = tokensOf(state.documents) ?? 0;
  const last = state.order
    .map((id) => state.messages[id])
    .findLast((message) => message?.role === 'assistant' && isCounted(message));
  if (last?.role !== 'assistant') return { documents, conversation: 0 };
  return { documents, conversation: conversationUpTo(state, last) };
}

/** About what deleting the first turn of the shown path takes from the next prompt. The system message stays. */
export function firstTurnTokens(state: Said & Pick<Conversation, 'settings'>): number {
  const [question, answer] = state.order.map((id) => state.messages[id]);
  if (question?.role !== 'user' || answer?.role !== 'assistant' || !isCounted(answer)) return 0;
  const { system = '' } = state.settings;
  const said = question.question.length + answerOf(answer.text).length;
  return Math.round((conversationUpTo(state, answer) * said) / (said + system.trim().length));
}

/** Whether it was read, and the next prompt tells of it: it has words beside its thoughts. */
const isCounted = ({ text, figures }: AssistantMessage): boolean =>
  figures.promptTokens !== undefined && answerOf(text) !== '';

/** Everything that was said up to this answer, and it. */
function conversationUpTo(state: Said, { text, figures }: AssistantMessage): number {
  const { promptTokens = 0, newTokens = 0, earlierTokens = 0, deletedTokens = 0 } = figures;
  const { documentTokens = sentTokens(state) } = figures;
  // Of a continued answer, the thoughts are in its own prompt.
  const thoughtShare = 1 - answerOf(text).length / text.length;
  const thoughtTokens = Math.round((earlierTokens + newTokens) * thoughtShare);
  return Math.max(0, promptTokens + newTokens - thoughtTokens - documentTokens - deletedTokens);
}

/** Of the documents that were there before the next question. */
function sentTokens(state: Said): number {
  const pending = new Set(pendingDocuments(state));
  return tokensOf(state.documents.filter((document) => !pending.has(document))) ?? 0;
}
