/** A conversation as plain data, and the prompt that it makes. */
import type {
  ChatMessage,
  Compression,
  EngineFailure,
  KvSettings,
  ModelInfo,
  TimeToFirstToken,
  TurnResult,
} from '../../protocol';

export interface AttachedDocument {
  readonly name: string;
  readonly text: string;
  /** Undefined until a model has counted them. */
  readonly tokens: number | undefined;
  /** What the demo model is known to answer about it; empty for a visitor's own text. */
  readonly questions: readonly string[];
}

export interface UserMessage {
  readonly id: string;
  readonly role: 'user';
  readonly question: string;
}

export interface ReadingProgress {
  /** Of the prompt's new tokens. */
  readonly doneTokens: number;
  readonly totalTokens: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/** Figures of one turn, filled in as they become known. */
export interface TurnFigures {
  /** What it went by. */
  readonly kv?: KvSettings;
  readonly compression?: Compression;
  readonly ttft?: TimeToFirstToken | undefined;
  /** How far reading had come when it was stopped, of 1. */
  readonly stoppedAt?: number | undefined;
  readonly promptTokens?: number;
  readonly reusedTokens?: number;
  readonly newTokens?: number;
  readonly prefillTokensPerSecond?: number;
  readonly decodeTokensPerSecond?: number;
}

export type AnswerProgress =
  | { readonly state: 'reading'; readonly progress: ReadingProgress | undefined }
  | { readonly state: 'writing' }
  | { readonly state: 'done'; readonly stopReason: TurnResult['stopReason'] }
  | { readonly state: 'failed'; readonly error: EngineFailure };

export interface AssistantMessage {
  readonly id: string;
  readonly role: 'assistant';
  readonly text: string;
  readonly answer: AnswerProgress;
  readonly figures: TurnFigures;
}

export type Message = UserMessage | AssistantMessage;

export interface Conversation {
  /** What the conversation is about. It belongs to the whole, and is shown with the first question. */
  readonly document: AttachedDocument | undefined;
  readonly order: readonly string[];
  readonly messages: Readonly<Record<string, Message>>;
  /** The answer being read for or written. */
  readonly activeId: string | undefined;
}

export const EMPTY_CONVERSATION: Conversation = {
  document: undefined,
  order: [],
  messages: {},
  activeId: undefined,
};

export function composeFirst(document: AttachedDocument | undefined, question: string): string {
  return document === undefined ? question : `${document.text}\n\n${question}`;
}

/**
 * The whole conversation as the engine takes it. A question that got no word of an answer is left out, with its empty
 * answer: roles must alternate, and the model should not see itself silent. The document stands before whichever
 * question is then the first, so a document once read stays a prefix of what follows.
 */
export function promptOf(conversation: Conversation): readonly ChatMessage[] {
  const prompt: ChatMessage[] = [];
  let pending: string | undefined;
  for (const id of conversation.order) {
    const message = conversation.messages[id];
    if (message === undefined) continue;
    if (message.role === 'user') {
      pending = message.question;
    } else if (pending !== undefined && message.text !== '') {
      prompt.push({ role: 'user', content: pending }, { role: 'assistant', content: message.text });
      pending = undefined;
    }
  }
  if (pending !== undefined) prompt.push({ role: 'user', content: pending });
  return prompt.map((message, index) =>
    index === 0 ? { ...message, content: composeFirst(conversation.document, message.content) } : message,
  );
}

/** The conversation as it would stand if its running answer had been stopped now. */
export function settled(conversation: Conversation): Conversation {
  const { activeId, messages } = conversation;
  const active = activeId === undefined ? undefined : messages[activeId];
  if (active?.role !== 'assistant') return conversation;
  const stopped: Message = {
    ...active,
    answer: { state: 'done', stopReason: 'stopped' },
    figures: { ...active.figures, stoppedAt: shareRead(active) },
  };
  return { ...conversation, activeId: undefined, messages: { ...messages, [active.id]: stopped } };
}

/** How much of a prompt that is being read has been read; undefined for one that is not, or where it is not known. */
export function shareRead({ answer }: AssistantMessage): number | undefined {
  if (answer.state !== 'reading' || answer.progress === undefined) return undefined;
  const { doneTokens, totalTokens } = answer.progress;
  return totalTokens > 0 ? doneTokens / totalTokens : undefined;
}

/** Where most of a prompt was in the cache, tokens per second of the few new ones say nothing of how fast it reads. */
export function isMostlyReused({ promptTokens, reusedTokens }: TurnFigures): boolean {
  return promptTokens !== undefined && reusedTokens !== undefined && reusedTokens * 2 > promptTokens;
}

/** Whether a document alone is more than a model can read. A model reads one token fewer than its context holds. */
export function isTooLong(
  document: AttachedDocument | undefined,
  { contextLength }: Pick<ModelInfo, 'contextLength'>,
): boolean {
  return document?.tokens !== undefined && document.tokens >= contextLength;
}

/** Without an answer and the question before it. */
export function withoutTurn(conversation: Conversation, answerId: string): Conversation {
  const at = conversation.order.indexOf(answerId);
  if (at < 1) return conversation;
  const order = conversation.order.toSpliced(at - 1, 2);
  const kept = new Set(order);
  const messages = Object.fromEntries(Object.entries(conversation.messages).filter(([id]) => kept.has(id)));
  return { ...conversation, order, messages };
}
