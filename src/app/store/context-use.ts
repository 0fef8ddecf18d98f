/** How much of a model's context the next turn would fill, in tokens, and when that is too much. */
import type { ModelInfo } from '../../protocol';
import { pendingDocuments, tokensOf, type Conversation } from './conversation';

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
 * Without the draft, as far as it is known: documents by their own counts; the conversation by what the last turn that
 * was read came to, without the documents of that turn. So taking one out shows at once.
 */
export function heldUse(state: Said): Omit<ContextUse, 'draft'> {
  const documents = tokensOf(state.documents) ?? 0;
  const last = state.order
    .map((id) => state.messages[id])
    .findLast((message) => message?.role === 'assistant' && message.figures.promptTokens !== undefined);
  if (last?.role !== 'assistant') return { documents, conversation: 0 };
  const { promptTokens = 0, newTokens = 0, documentTokens = sentTokens(state) } = last.figures;
  return { documents, conversation: Math.max(0, promptTokens + newTokens - documentTokens) };
}

/** Of the documents that were there before the next question. */
function sentTokens(state: Said): number {
  const pending = new Set(pendingDocuments(state));
  return tokensOf(state.documents.filter((document) => !pending.has(document))) ?? 0;
}
