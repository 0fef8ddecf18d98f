/** The archive in IndexedDB. */
import { Dexie, type Table } from 'dexie';
import { memoryArchive, type Archive } from './archive';
import type { ConversationRow, DocumentRow, MessageRow } from './rows';

type Key = [conversationId: string, id: string];

class Database extends Dexie {
  declare readonly conversations: Table<ConversationRow, string>;
  declare readonly messages: Table<MessageRow, Key>;
  declare readonly documents: Table<DocumentRow, Key>;

  constructor(name: string) {
    super(name);
    // A message belongs to its conversation by its key, so that an imported one can never take another's place.
    const part = '[conversationId+id], conversationId';
    this.version(1).stores({ conversations: 'id', messages: part, documents: part });
  }
}

/** The page's own memory, where the browser refuses a database. */
export async function openArchive(name = 'fastkv-conversations'): Promise<Archive> {
  try {
    const database = new Database(name);
    await database.open();
    return archiveIn(database);
  } catch {
    return memoryArchive();
  }
}

function archiveIn(database: Database): Archive {
  const { conversations, messages, documents } = database;
  const all = [conversations, messages, documents];
  const removeParts = async (id: string) => {
    await messages.where({ conversationId: id }).delete();
    await documents.where({ conversationId: id }).delete();
  };
  return {
    persists: true,
    list: () => conversations.toArray(),
    read: (id) =>
      database.transaction('r', all, async () => {
        const conversation = await conversations.get(id);
        if (conversation === undefined) return undefined;
        const [said, read] = await Promise.all([
          messages.where({ conversationId: id }).toArray(),
          documents.where({ conversationId: id }).toArray(),
        ]);
        return { conversation, messages: said, documents: read };
      }),
    write: (change) =>
      database.transaction('rw', all, async () => {
        const keys = (ids: readonly string[]) => ids.map((id): Key => [change.id, id]);
        if (change.replaces) await removeParts(change.id);
        if (change.conversation) await conversations.put(change.conversation);
        await messages.bulkPut([...change.messages]);
        await messages.bulkDelete(keys(change.removedMessages));
        await documents.bulkPut([...change.documents]);
        await documents.bulkDelete(keys(change.removedDocuments));
      }),
    remove: (id) =>
      database.transaction('rw', all, async () => {
        await conversations.delete(id);
        await removeParts(id);
      }),
    eachMessage: async (visit) => {
      await messages.each((row) => visit(row));
    },
  };
}
