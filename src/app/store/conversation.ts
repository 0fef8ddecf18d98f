/** A conversation as plain data, and the prompt that it makes. */
import type {
  ChatMessage,
  Compression,
  EngineFailure,
  KvSettings,
  SamplingOptions,
  TimeToFirstToken,
  TurnResult,
} from '../../protocol';
import type { DocumentKind } from '../documents/document-text';
import { childrenOf, type Children, type Messages, type Thread } from './branches';
import { answerOf } from './reasoning';

export interface AttachedDocument {
  readonly id: string;
  readonly name: string;
  /** Left out where a file's kind says nothing: the samples. */
  readonly kind?: DocumentKind;
  readonly text: string;
  /** Of a PDF: where in `text` the mark of each page begins. */
  readonly pages?: readonly number[];
  /** What its reader had to assume or leave out. */
  readonly note?: string;
  /** Undefined until a model has counted them. */
  readonly tokens: number | undefined;
  /** What the demo model is known to answer about it; empty for a visitor's own text. */
  readonly questions: readonly string[];
}

/** One that no conversation has yet. */
export type NewDocument = Omit<AttachedDocument, 'id'>;

interface MessageBase {
  readonly id: string;
  /** The message that it follows; undefined for a first question. Messages with the same one are branches. */
  readonly parentId: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface UserMessage extends MessageBase {
  readonly role: 'user';
  readonly question: string;
  /** Documents that came with it and are shown there. They belong to the whole conversation and stand at its head. */
  readonly documentIds: readonly string[];
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
  /** Of the prompt, what the documents are. */
  readonly documentTokens?: number;
  /** Of the prompt, what was deleted after it was read: turns from its beginning. */
  readonly deletedTokens?: number;
  readonly reusedTokens?: number;
  readonly newTokens?: number;
  /** When the model began to think aloud, in milliseconds of the page's clock; until it has ended. */
  readonly thinkingSince?: number;
  /** How long it thought aloud. */
  readonly thoughtMs?: number;
  /** Of the same answer, before it was continued. */
  readonly earlierTokens?: number;
  readonly prefillTokensPerSecond?: number;
  readonly decodeTokensPerSecond?: number;
}

/** `interrupted`: the page was closed or reloaded while it was written. */
export type StopReason = TurnResult['stopReason'] | 'interrupted';

export type AnswerProgress =
  | { readonly state: 'reading'; readonly progress: ReadingProgress | undefined }
  | { readonly state: 'writing' }
  | { readonly state: 'done'; readonly stopReason: StopReason }
  | { readonly state: 'failed'; readonly error: EngineFailure };

export interface AssistantMessage extends MessageBase {
  readonly role: 'assistant';
  readonly text: string;
  readonly answer: AnswerProgress;
  readonly figures: TurnFigures;
}

export type Message = UserMessage | AssistantMessage;

/** What a conversation asks for itself; what is left out is the model's own. */
export interface ConversationSettings {
  /** The system message. */
  readonly system?: string;
  readonly sampling?: Partial<SamplingOptions>;
  readonly maxNewTokens?: number;
  readonly kv?: Partial<KvSettings>;
  readonly thinking?: boolean;
}

export type SettingsChange = {
  readonly [Key in keyof ConversationSettings]?: ConversationSettings[Key] | undefined;
};

export interface Conversation {
  readonly id: string;
  /** Empty until the first question. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** What it is about, in the order in which the model reads them, before everything that was said. */
  readonly documents: readonly AttachedDocument[];
  readonly settings: ConversationSettings;
  /** Of every branch. */
  readonly messages: Messages;
  /** The path that is shown, from a first question to its last message. */
  readonly order: readonly string[];
  /** Kept beside the messages, so that a selector need not look for branches at every token. */
  readonly children: Children;
}

export function emptyConversation(settings: ConversationSettings = {}): Conversation {
  const createdAt = Date.now();
  return {
    id: crypto.randomUUID(),
    title: '',
    createdAt,
    updatedAt: createdAt,
    documents: [],
    settings,
    messages: {},
    order: [],
    children: {},
  };
}

/** What any tab may change while one of them answers. */
export const sharedOf = ({
  title,
  settings,
  documents,
}: Conversation): Pick<Conversation, 'title' | 'settings' | 'documents'> => ({ title, settings, documents });

/** A conversation that is answered with what another tab changed meanwhile, and with branches that are new to it. */
export function joined(
  { messages, children }: Thread,
  theirs: Conversation,
): ReturnType<typeof sharedOf> & Omit<Thread, 'order'> {
  const isKnown = Object.keys(theirs.messages).every((id) => Object.hasOwn(messages, id));
  if (isKnown) return { ...sharedOf(theirs), messages, children };
  const all = { ...theirs.messages, ...messages };
  return { ...sharedOf(theirs), messages: all, children: childrenOf(all) };
}

/** Nothing in it that could be missed. */
export const isEmpty = ({ messages, documents }: Pick<Conversation, 'messages' | 'documents'>): boolean =>
  documents.length === 0 && Object.keys(messages).length === 0;

const LONGEST_TITLE = 60;

/** A question as a title: one line, ended at a word. */
export function titleFrom(question: string): string {
  const line = question.trim().replace(/\s+/g, ' ');
  if (line.length <= LONGEST_TITLE) return line;
  const cut = line.slice(0, LONGEST_TITLE);
  const word = cut.lastIndexOf(' ');
  return `${(word > LONGEST_TITLE / 2 ? cut.slice(0, word) : cut).replace(/[\s.,;:!?–-]+$/, '')}…`;
}

/** What a conversation is called where it has no title yet. */
export const nameOf = ({ title, documents }: Pick<Conversation, 'title' | 'documents'>): string =>
  title || documents[0]?.name || 'New chat';

/** The documents as they stand at the head of the prompt: one alone as it is, several below their names. */
export function composeFirst(
  documents: readonly Pick<AttachedDocument, 'name' | 'text'>[],
  question: string,
): string {
  const texts = documents.map(({ name, text }) => (documents.length === 1 ? text : `# ${name}\n\n${text}`));
  return [...texts, question].join('\n\n');
}

/**
 * The shown path as the engine takes it; it ends with an answer where that is to be continued. A question that got no
 * word of an answer is left out, with its empty answer: roles must alternate, and the model should not see itself
 * silent. The documents stand before whichever question is then the first, so what was once read of them stays a prefix
 * of what follows.
 */
export function promptOf(
  conversation: Pick<Conversation, 'order' | 'messages' | 'documents' | 'settings'>,
): readonly ChatMessage[] {
  const { order, messages, documents, settings } = conversation;
  const said: ChatMessage[] = [];
  let pending: string | undefined;
  for (const id of order) {
    const message = messages[id];
    if (message === undefined) continue;
    if (message.role === 'user') {
      pending = message.question;
      continue;
    }
    // Thoughts are no part of what was said; only an answer that is to be continued goes on with its own.
    const answer = id === order.at(-1) ? message.text : answerOf(message.text);
    if (pending === undefined || answer === '') continue;
    said.push({ role: 'user', content: pending }, { role: 'assistant', content: answer });
    pending = undefined;
  }
  if (pending !== undefined) said.push({ role: 'user', content: pending });
  const prompt = said.map((message, index) =>
    index === 0 ? { ...message, content: composeFirst(documents, message.content) } : message,
  );
  const { system = '' } = settings;
  return system.trim() === '' ? prompt : [{ role: 'system', content: system }, ...prompt];
}

/** With the time of a thought that has ended now, where one was open. */
export function thoughtEnded(
  { thinkingSince, ...figures }: TurnFigures,
  now = performance.now(),
): TurnFigures {
  if (thinkingSince === undefined) return figures;
  return { ...figures, thoughtMs: (figures.thoughtMs ?? 0) + now - thinkingSince };
}

/** The messages as they would stand if the running answer had been stopped now. */
export function settled(messages: Messages, activeId: string | undefined): Messages {
  const active = activeId === undefined ? undefined : messages[activeId];
  return active?.role === 'assistant' ? { ...messages, [active.id]: stopped(active) } : messages;
}

/** A running answer as it would stand if it had been stopped now. */
export function stopped(active: AssistantMessage): AssistantMessage {
  return {
    ...active,
    answer: { state: 'done', stopReason: 'stopped' },
    figures: { ...thoughtEnded(active.figures), stoppedAt: shareRead(active) },
  };
}

/** Documents that no question on the shown path brought: they go with the next one. */
export function pendingDocuments({
  documents,
  order,
  messages,
}: Pick<Conversation, 'documents' | 'order' | 'messages'>): readonly AttachedDocument[] {
  const sent = new Set(
    order.flatMap((id) => {
      const message = messages[id];
      return message?.role === 'user' ? message.documentIds : [];
    }),
  );
  return documents.filter(({ id }) => !sent.has(id));
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

/** Of all of them; undefined without any, or before they are counted. */
export function tokensOf(documents: readonly NewDocument[]): number | undefined {
  const counted = documents.flatMap(({ tokens }) => (tokens === undefined ? [] : [tokens]));
  return counted.length === 0 ? undefined : counted.reduce((sum, tokens) => sum + tokens, 0);
}

/** Whether an answer that ended can be gone on with: it has words, and was not the model's to end. */
export function isContinuable({ text, answer }: AssistantMessage): boolean {
  if (text === '') return false;
  if (answer.state === 'failed') return answer.error.code !== 'context-exceeded';
  return answer.state === 'done' && answer.stopReason !== 'end' && answer.stopReason !== 'context';
}
