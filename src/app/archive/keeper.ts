/**
 * Writes down the shown conversation, and one that was left while it is answered, as they change: only the rows that did,
 * and a running answer once a second.
 */
import { isAnswering } from '../store/away';
import { conversationOf, type ChatState, type ChatStore } from '../store/chat-store';
import { isEmpty, joined, type Conversation } from '../store/conversation';
import type { ArchiveChange } from './archive';
import { messageRow, rowOf } from './rows';
import { unsavedOf, type Unsaved } from './unsaved';

/** While tokens come. */
const PERIOD_MS = 1000;

export interface Keeper {
  /**
   * Told before a conversation is shown that is written down as it is, or what another tab made of a shown one, or of one
   * that is answered, is taken over.
   */
  adopt(conversation: Conversation): void;
  /** Of a conversation, where a write of it failed: to be asked for before another version is adopted. */
  unsaved(conversation: Conversation): Unsaved | undefined;
  /** A conversation of which a write failed, as it was to be written last. */
  refused(id: string): Conversation | undefined;
  /** The shown conversation is gone: nothing more of it is written down. */
  forget(): void;
  /** Resolves when everything is written that there is. */
  flush(): Promise<void>;
}

/** Of one conversation. */
interface Account {
  /** As it is written down, or about to be. */
  written: Conversation | undefined;
  /** As it is written down for certain. */
  stored: Conversation | undefined;
  /** A write failed: the next one is whole, as nobody knows what is missing or was to go. */
  isBehind: boolean;
}

export function createKeeper(
  chat: ChatStore,
  write: (change: ArchiveChange) => Promise<void>,
  periodMs = PERIOD_MS,
): Keeper {
  const ledger = createLedger(write);
  let forgotten: string | undefined;
  const save = (conversation: Conversation) => {
    if (conversation.id !== forgotten) ledger.save(conversationOf(conversation));
  };
  const saveAll = () => {
    alarm.clear();
    const state = chat.getState();
    if (state.away) save(state.away.conversation);
    save(state);
  };
  const alarm = createAlarm(saveAll);

  chat.subscribe((now, before) => {
    if (now.id !== before.id) {
      save(before);
      forgotten = undefined;
      alarm.within(0);
    } else if (differs(now, before, AT_ONCE)) alarm.within(0);
    else if (now.messages !== before.messages) alarm.within(periodMs);
    if (now.away && now.away !== before.away)
      alarm.within(now.away.activeId === before.away?.activeId ? periodMs : 0);
    for (const { id } of [before, before.away?.conversation ?? before])
      if (id !== now.id && id !== now.away?.conversation.id) ledger.close(id);
  });

  return {
    adopt: (conversation) => ledger.adopt(conversation, isAnswering(chat.getState(), conversation.id)),
    unsaved: ledger.unsaved,
    refused: ledger.refused,
    forget: () => {
      forgotten = chat.getState().id;
    },
    flush: () => {
      saveAll();
      return ledger.written();
    },
  };
}

/** What is written down of each open conversation, and what a refused write leaves to be done. */
function createLedger(write: (change: ArchiveChange) => Promise<void>) {
  const accounts = new Map<string, Account>();
  let queue: Promise<void> = Promise.resolve();

  const accountOf = (id: string): Account => {
    const account = accounts.get(id) ?? { written: undefined, stored: undefined, isBehind: false };
    accounts.set(id, account);
    return account;
  };
  return {
    save(now: Conversation) {
      const account = accountOf(now.id);
      const replaces = account.isBehind;
      const before = replaces ? undefined : account.written;
      if (before === undefined && !replaces && isEmpty(now)) return;
      const change = changeBetween(before, now);
      if (change === undefined) return;
      account.written = now;
      queue = queue
        .then(() => write(replaces ? { ...change, replaces } : change))
        .then(() => {
          // A part does not make up for what was refused before it.
          if (account.isBehind && !replaces) return;
          account.stored = now;
          account.isBehind = false;
        })
        .catch(() => {
          // It may have been closed meanwhile.
          const open = accounts.get(now.id) ?? account;
          open.isBehind = true;
          accounts.set(now.id, open);
        });
    },
    adopt(conversation: Conversation, isAnswered: boolean) {
      const account = accountOf(conversation.id);
      const { written } = account;
      if (isAnswered) account.written = written && { ...written, ...joined(written, conversation) };
      else Object.assign(account, { written: conversation, stored: conversation, isBehind: false });
    },
    unsaved(now: Conversation): Unsaved | undefined {
      const account = accounts.get(now.id);
      return account?.isBehind ? unsavedOf(now, account.stored) : undefined;
    },
    refused(id: string): Conversation | undefined {
      const account = accounts.get(id);
      return account?.isBehind ? account.written : undefined;
    },
    close(id: string) {
      if (!accounts.get(id)?.isBehind) accounts.delete(id);
    },
    written: () => queue,
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
