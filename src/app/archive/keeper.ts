/** Writes down the shown conversation as it changes: only the rows that did, and a running answer once a second. */
import { conversationOf, type ChatState, type ChatStore } from '../store/chat-store';
import { isEmpty, sharedOf, type Conversation } from '../store/conversation';
import type { ArchiveChange } from './archive';
import { messageRow, rowOf } from './rows';
import { createArrears, type Unsaved } from './unsaved';

/** While tokens come. */
const PERIOD_MS = 1000;

export interface Keeper {
  /**
   * Told before a conversation is shown that is written down as it is, or what another tab made of the shown one is taken
   * over.
   */
  adopt(conversation: Conversation): void;
  /** Of the shown conversation, where a write of it failed: to be asked for before another tab's version is adopted. */
  unsaved(): Unsaved | undefined;
  /** The shown conversation is gone: nothing more of it is written down. */
  forget(): void;
  /** Resolves when everything is written that there is. */
  flush(): Promise<void>;
}

export function createKeeper(
  chat: ChatStore,
  write: (change: ArchiveChange) => Promise<void>,
  periodMs = PERIOD_MS,
): Keeper {
  /** As it is written down, or about to be. */
  let written: Conversation | undefined;
  /** Conversations of which a write failed: the next one is whole, as nobody knows what is missing or was to go. */
  const failed = new Set<string>();
  const arrears = createArrears();
  let adopted: Conversation | undefined;
  let forgotten: string | undefined;
  let queue: Promise<void> = Promise.resolve();

  const save = (state: Conversation) => {
    alarm.clear();
    const now = conversationOf(state);
    if (now.id === forgotten) return;
    const replaces = failed.delete(now.id);
    const before = !replaces && written?.id === now.id ? written : undefined;
    if (before === undefined && !replaces && isEmpty(now)) return;
    const change = changeBetween(before, now);
    if (change === undefined) return;
    written = now;
    queue = queue
      .then(() => write(replaces ? { ...change, replaces } : change))
      .then(() => arrears.wrote(now))
      .catch(() => void failed.add(arrears.refused(now.id)));
  };
  const alarm = createAlarm(() => save(chat.getState()));

  chat.subscribe((now, before) => {
    if (now.id !== before.id) {
      save(before);
      forgotten = undefined;
      written = adopted?.id === now.id ? adopted : undefined;
      adopted = undefined;
      alarm.within(0);
    } else if (differs(now, before, AT_ONCE)) alarm.within(0);
    else if (now.messages !== before.messages) alarm.within(periodMs);
  });

  return {
    adopt: (conversation) => {
      const { id, activeId } = chat.getState();
      if (id === conversation.id && activeId !== undefined) {
        written = written && { ...written, ...sharedOf(conversation) };
        return;
      }
      failed.delete(conversation.id);
      adopted = conversation;
      arrears.adopted(conversation);
      if (id === conversation.id) written = conversation;
    },
    unsaved: () => arrears.of(chat.getState()),
    forget: () => {
      forgotten = chat.getState().id;
    },
    flush: () => {
      save(chat.getState());
      return queue;
    },
  };
}

/** Rings once, at the earliest time that was asked for. */
function createAlarm(ring: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;
  const clear = () => {
    clearTimeout(timer);
    due = Infinity;
  };
  const within = (delayMs: number) => {
    const at = Date.now() + delayMs;
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(ring, delayMs);
  };
  return { clear, within };
}

/** What is rare enough to be written when it happens. */
const AT_ONCE = ['order', 'activeId', 'documents', 'settings', 'title', 'children'] as const;

const differs = (now: ChatState, before: ChatState, keys: readonly (keyof ChatState)[]) =>
  keys.some((key) => now[key] !== before[key]);

/** By identity: what did not change is the same object. Undefined where nothing did. */
export function changeBetween(
  before: Conversation | undefined,
  now: Conversation,
): ArchiveChange | undefined {
  const { id } = now;
  const messages = Object.values(now.messages).filter((message) => before?.messages[message.id] !== message);
  const held = new Set(now.documents);
  const had = new Set(before?.documents);
  const documents = now.documents.filter((document) => !had.has(document));
  const documentIds = new Set(now.documents.map((document) => document.id));
  const removedMessages = Object.keys(before?.messages ?? {}).filter((key) => !(key in now.messages));
  const removedDocuments = [...had]
    .filter((document) => !held.has(document) && !documentIds.has(document.id))
    .map((document) => document.id);
  const row = (['title', 'updatedAt', 'settings', 'documents', 'order'] as const).some(
    (key) => before?.[key] !== now[key],
  );
  const parts = [messages, documents, removedMessages, removedDocuments];
  if (!row && parts.every(({ length }) => length === 0)) return undefined;
  return {
    id,
    ...(row && { conversation: rowOf(now) }),
    messages: messages.map((message) => messageRow(id, message)),
    removedMessages,
    documents: documents.map((document) => ({ ...document, conversationId: id })),
    removedDocuments,
  };
}
