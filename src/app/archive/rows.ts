/** Conversations as rows of a database: one for the conversation, one a message, one a document; checked when they are read. */
import * as v from 'valibot';
import { childrenOf, newestLeaf, pathTo, type Messages } from '../store/branches';
import { nameOf, type AttachedDocument, type Conversation, type Message } from '../store/conversation';
import { readSettings } from '../store/settings-rules';

export interface ConversationRow extends Pick<
  Conversation,
  'id' | 'title' | 'createdAt' | 'updatedAt' | 'settings'
> {
  /** What a list calls it. */
  readonly name: string;
  readonly documentIds: readonly string[];
  /** The end of the path that was shown last. */
  readonly leafId: string | undefined;
}

export type MessageRow = Message & { readonly conversationId: string };
export type DocumentRow = AttachedDocument & { readonly conversationId: string };

/** What a database gives back: anything, until it was checked. */
export interface StoredParts {
  readonly conversation: unknown;
  readonly messages: readonly unknown[];
  readonly documents: readonly unknown[];
}

export interface ReadConversation {
  readonly conversation: Conversation;
  /** Messages and documents that could not be read. */
  readonly skipped: number;
}

const id = v.pipe(v.string(), v.minLength(1));
const number = v.number();
const some = v.optional(number);

const DOCUMENT_ROW = v.looseObject({
  id,
  name: v.string(),
  text: v.string(),
  kind: v.fallback(v.optional(v.string()), undefined),
  pages: v.fallback(v.optional(v.array(number)), undefined),
  note: v.fallback(v.optional(v.string()), undefined),
  tokens: some,
  questions: v.fallback(v.array(v.string()), []),
});

/** Places in a text, each behind the one before. */
const arePlaces = (places: readonly number[], { length }: string): boolean =>
  places.every((at, index) => Number.isInteger(at) && at > (places[index - 1] ?? -1) && at <= length);

const DOCUMENT = v.pipe(
  DOCUMENT_ROW,
  v.transform((row) => (arePlaces(row.pages ?? [], row.text) ? row : { ...row, pages: undefined })),
);

const TTFT = v.object({
  totalMs: number,
  tokenizeMs: number,
  lowerMs: number,
  selectMs: number,
  upperMs: number,
  firstTokenMs: number,
});

const KV = v.looseObject({
  policy: v.picklist(['full', 'fastkv']),
  turnMode: v.picklist(['exact', 'lean', 'full']),
  retain: number,
  tspRate: number,
});

const FIGURES = v.object({
  kv: v.optional(KV),
  compression: v.optional(v.object({ tspLayer: some, propagatedTokens: number, coverage: some })),
  ttft: v.optional(TTFT),
  stoppedAt: some,
  promptTokens: some,
  reusedTokens: some,
  newTokens: some,
  thoughtMs: some,
  deletedTokens: some,
  documentTokens: some,
  earlierTokens: some,
  prefillTokensPerSecond: some,
  decodeTokensPerSecond: some,
});

const ANSWER = v.variant('state', [
  v.object({ state: v.literal('reading') }),
  v.object({ state: v.literal('writing') }),
  v.object({
    state: v.literal('done'),
    stopReason: v.picklist(['end', 'length', 'context', 'stopped', 'interrupted']),
  }),
  v.object({ state: v.literal('failed'), error: v.object({ code: v.string(), message: v.string() }) }),
]);

const BASE = { id, parentId: v.optional(id), createdAt: number };

const MESSAGE = v.variant('role', [
  v.object({
    ...BASE,
    role: v.literal('user'),
    question: v.string(),
    documentIds: v.fallback(v.array(id), []),
  }),
  v.object({
    ...BASE,
    role: v.literal('assistant'),
    text: v.string(),
    answer: ANSWER,
    figures: v.fallback(FIGURES, {}), // for people, and nothing depends on them
  }),
]);

const CONVERSATION = v.object({
  id,
  title: v.string(),
  name: v.fallback(v.string(), ''),
  createdAt: number,
  updatedAt: number,
  settings: v.pipe(v.optional(v.unknown()), v.transform(readSettings)),
  documentIds: v.fallback(v.array(id), []),
  leafId: v.fallback(v.optional(id), undefined),
});

/** Undefined for one that cannot be read. */
export function readConversationRow(row: unknown): ConversationRow | undefined {
  const read = v.safeParse(CONVERSATION, row);
  return read.success ? (read.output as ConversationRow) : undefined;
}

/** A conversation from its rows, without those that cannot be read; undefined where its own cannot be. */
export function readConversation(parts: StoredParts): ReadConversation | undefined {
  const row = readConversationRow(parts.conversation);
  if (row === undefined) return undefined;
  const { messages, skipped } = readMessages(parts.messages);
  const read = parts.documents.flatMap((found) => {
    const document = v.safeParse(DOCUMENT, found);
    if (!document.success) return [];
    const { conversationId: _, ...own } = document.output;
    return [{ ...own, tokens: own.tokens } as unknown as AttachedDocument];
  });
  const placeOf = (document: AttachedDocument) => row.documentIds.indexOf(document.id);
  const children = childrenOf(messages);
  const { documentIds: _ids, leafId, name: _name, ...own } = row;
  const leaf = leafId !== undefined && Object.hasOwn(messages, leafId) ? leafId : newestLeaf(children, '');
  return {
    conversation: {
      ...own,
      documents: read.filter((document) => placeOf(document) >= 0).sort((a, b) => placeOf(a) - placeOf(b)),
      messages,
      children,
      order: pathTo(messages, leaf),
    },
    skipped: skipped + parts.documents.length - read.length,
  };
}

function readMessages(rows: readonly unknown[]): { messages: Messages; skipped: number } {
  const parsed = rows.map((row) => v.safeParse(MESSAGE, row));
  const good = parsed.flatMap((read) => (read.success ? [read.output as Message] : []));
  const ids = new Set(good.map((message) => message.id));
  /** Where a message in between cannot be read, the one before it is followed. */
  const parents = new Map<unknown, unknown>(
    rows.map((row) => {
      const { id: own, parentId } = (row ?? {}) as { id?: unknown; parentId?: unknown };
      return [own, parentId];
    }),
  );
  const parentOf = (message: Message): string | undefined => {
    const seen = new Set<unknown>();
    let parent: unknown = message.parentId;
    while (typeof parent === 'string' && !ids.has(parent) && !seen.has(parent)) {
      seen.add(parent);
      parent = parents.get(parent);
    }
    return typeof parent === 'string' && ids.has(parent) ? parent : undefined;
  };
  const messages = good.map((message) => ({ ...message, parentId: parentOf(message) }));
  return {
    messages: Object.fromEntries(messages.map((message) => [message.id, message])),
    skipped: rows.length - good.length,
  };
}

/** Answers that nobody is writing any more. */
export function interrupted(conversation: Conversation): Conversation {
  const messages = Object.fromEntries(
    Object.entries(conversation.messages).map(([key, message]) => {
      const running =
        message.role === 'assistant' &&
        (message.answer.state === 'reading' || message.answer.state === 'writing');
      return [
        key,
        running ? { ...message, answer: { state: 'done', stopReason: 'interrupted' } as const } : message,
      ];
    }),
  );
  return { ...conversation, messages };
}

export function rowOf(conversation: Conversation): ConversationRow {
  const { id: own, title, createdAt, updatedAt, settings, documents, order } = conversation;
  return {
    ...{ id: own, title, createdAt, updatedAt, settings },
    name: nameOf(conversation),
    documentIds: documents.map((document) => document.id),
    leafId: order.at(-1),
  };
}

/** A message as it is stored: how far reading has come is nobody's to know later. */
export function messageRow(conversationId: string, message: Message): MessageRow {
  if (message.role === 'user' || message.answer.state !== 'reading') return { ...message, conversationId };
  return { ...message, answer: { state: 'reading', progress: undefined }, conversationId };
}
