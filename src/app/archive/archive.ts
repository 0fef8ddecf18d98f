/** Where conversations are kept: a database of the browser, or the page's own memory where that is refused. */
import type { ConversationRow, DocumentRow, MessageRow, StoredParts } from './rows';

/** What has changed of one conversation. Rows that are not named stay as they are. */
export interface ArchiveChange {
  readonly id: string;
  readonly conversation?: ConversationRow;
  readonly messages: readonly MessageRow[];
  readonly removedMessages: readonly string[];
  readonly documents: readonly DocumentRow[];
  readonly removedDocuments: readonly string[];
  /** It is the whole conversation: what else is stored of it goes. */
  readonly replaces?: boolean;
}

/** Every promise rejects where the browser refuses, as for want of room. */
export interface Archive {
  /** False: it lasts as long as the page. */
  readonly persists: boolean;
  /** Conversation rows, in no order. */
  list(): Promise<readonly unknown[]>;
  read(id: string): Promise<StoredParts | undefined>;
  /** All of it or nothing. */
  write(change: ArchiveChange): Promise<void>;
  remove(id: string): Promise<void>;
  eachMessage(visit: (row: unknown) => void): Promise<void>;
}

/** Everything of a conversation as one change. */
export function wholeOf(
  conversation: ConversationRow,
  messages: readonly MessageRow[],
  documents: readonly DocumentRow[],
): ArchiveChange {
  return {
    id: conversation.id,
    conversation,
    messages,
    removedMessages: [],
    documents,
    removedDocuments: [],
  };
}

export function memoryArchive(): Archive {
  interface Held {
    conversation: ConversationRow;
    readonly messages: Map<string, MessageRow>;
    readonly documents: Map<string, DocumentRow>;
  }
  const held = new Map<string, Held>();
  return {
    persists: false,
    list: () => Promise.resolve([...held.values()].map(({ conversation }) => conversation)),
    read: (id) => {
      const found = held.get(id);
      return Promise.resolve(
        found && {
          conversation: found.conversation,
          messages: [...found.messages.values()],
          documents: [...found.documents.values()],
        },
      );
    },
    write: ({ id, conversation, messages, removedMessages, documents, removedDocuments, replaces }) => {
      const before = replaces ? undefined : held.get(id);
      const row = conversation ?? before?.conversation;
      if (row === undefined) return Promise.resolve();
      const now = before ?? { conversation: row, messages: new Map(), documents: new Map() };
      now.conversation = row;
      held.set(id, now);
      messages.forEach((message) => now.messages.set(message.id, message));
      removedMessages.forEach((key) => now.messages.delete(key));
      documents.forEach((document) => now.documents.set(document.id, document));
      removedDocuments.forEach((key) => now.documents.delete(key));
      return Promise.resolve();
    },
    remove: (id) => Promise.resolve(void held.delete(id)),
    eachMessage: (visit) => {
      for (const { messages } of held.values()) messages.forEach(visit);
      return Promise.resolve();
    },
  };
}

/** Why a write was refused, and what becomes of what it was to keep. */
export const reasonOf = (thrown: unknown): string => {
  const name = thrown instanceof Error ? thrown.name : '';
  return name === 'QuotaExceededError' || /quota/i.test(String(thrown))
    ? 'The browser gives this page no more space. Delete a chat or a stored model.'
    : 'It is kept only until the page is closed.';
};
