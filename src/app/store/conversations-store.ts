/** All conversations: the list, and what can be done with each. What is shown of one is the chat store's. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { wholeOf } from '../archive/archive';
import { fromJson, toJson, toMarkdown } from '../archive/portable';
import { interrupted, rowOf } from '../archive/rows';
import { find, type Found, type Summary } from '../archive/search';
import { isAnsweredAway } from './away';
import { Book, type ConversationsParts } from './book';
import { conversationOf } from './chat-store';
import { isEmpty, type Conversation } from './conversation';
import { toFailure } from './engine';

export interface ConversationsState {
  /** The last changed first. */
  readonly list: readonly Summary[];
  /** False where the browser keeps nothing: then they last as long as the page. Undefined until it is known. */
  readonly persists: boolean | undefined;
  readonly query: string;
  /** Undefined while nothing is searched for. */
  readonly found: readonly Found[] | undefined;
  open(id: string): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  /** Can be undone. */
  remove(id: string): Promise<void>;
  search(query: string): Promise<void>;
  /** JSON of one, or of all. */
  exportJson(id?: string): Promise<string>;
  exportMarkdown(id: string): Promise<string>;
  /** Adds what a file holds and is not there already; rejects with a sentence. Nothing that is there is replaced. */
  importJson(text: string): Promise<void>;
  /** Resolves when everything is written down that there is. */
  flush(): Promise<void>;
}

export type ConversationsStore = StoreApi<ConversationsState>;

export function createConversationsStore(parts: ConversationsParts): ConversationsStore {
  const store: ConversationsStore = createStore<ConversationsState>()(() => {
    const book = new Book(parts, () => store);
    return {
      list: [],
      persists: undefined,
      query: '',
      found: undefined,
      ...actionsOf(book),
      ...fileActions(book),
    };
  });
  return store;
}

type Actions = Omit<ConversationsState, 'list' | 'persists' | 'query' | 'found'>;
type FileAction = 'exportJson' | 'exportMarkdown' | 'importJson';

function actionsOf(book: Book): Omit<Actions, FileAction> {
  return {
    async open(id) {
      if (book.chat.getState().id === id) return;
      await book.keeper.flush();
      await book.show(id);
    },

    async rename(id, title) {
      const wanted = title.trim();
      if (wanted === '') return;
      if (book.chat.getState().id === id) {
        book.chat.setState({ title: wanted });
        return book.keeper.flush();
      }
      const { away } = book.chat.getState();
      if (away && isAnsweredAway({ away }, id)) {
        const conversation = { ...away.conversation, title: wanted };
        book.chat.setState({ away: { ...away, conversation } });
        return book.keeper.flush();
      }
      const row = await book.row(id);
      if (row) await book.write(wholeOf({ ...row, title: wanted, name: wanted }, [], []));
    },

    async remove(id) {
      const wasShown = book.chat.getState().id === id;
      if (wasShown) book.showEmpty();
      if (isAnsweredAway(book.chat.getState(), id)) book.chat.getState().abandon();
      await book.keeper.flush();
      const gone = await book.read(id);
      book.abandon(id);
      await book.remove(id);
      if (gone === undefined) return;
      const bringBack = async () => {
        await book.put(gone);
        if (wasShown && isEmpty(book.chat.getState())) await book.show(id);
      };
      const offer = () => {
        const run = () =>
          void bringBack().catch((thrown: unknown) => {
            offer();
            book.chat.getState().sayError(`This chat could not be restored. ${toFailure(thrown).message}`);
          });
        book.chat.getState().say(`Deleted “${rowOf(gone).name}”.`, { label: 'Undo', outlasts: true, run });
      };
      offer();
    },

    async search(query) {
      book.set({ query });
      const words = query.trim().toLocaleLowerCase();
      if (words === '') return book.set({ found: undefined });
      await book.keeper.flush();
      const found = await find(book.archive, book.state.list, words);
      if (book.state.query === query) book.set({ found });
    },

    flush: () => book.keeper.flush(),
  };
}

function fileActions(book: Book): Pick<Actions, FileAction> {
  const stored = async (id: string): Promise<Conversation> => {
    const shown = book.chat.getState();
    const found = shown.id === id ? conversationOf(shown) : await book.read(id);
    if (found === undefined) throw new Error('This chat could not be read.');
    return found;
  };

  return {
    async exportJson(id) {
      await book.keeper.flush();
      const ids = id === undefined ? book.state.list.map((summary) => summary.id) : [id];
      return toJson(await Promise.all(ids.map(stored)));
    },

    exportMarkdown: async (id) => toMarkdown(await stored(id)),

    async importJson(text) {
      const read = fromJson(text);
      await book.ready;
      await book.keeper.flush();
      const rows = [...(await book.rows())];
      const taken = new Set(book.state.list.map(({ id }) => id)).add(book.chat.getState().id);
      let added = 0;
      for (const { conversation } of read) {
        const one = interrupted(conversation);
        if (await book.holds(one, rows)) continue;
        const id = taken.has(one.id) ? crypto.randomUUID() : one.id;
        taken.add(id);
        await book.put({ ...one, id });
        rows.push(rowOf({ ...one, id }));
        added++;
      }
      const skipped = read.reduce((sum, one) => sum + one.skipped, 0);
      const without = skipped === 0 ? '' : ` ${skipped} of their parts could not be read and were left out.`;
      book.chat.getState().say(`${sayImported(added, read.length - added)}${without}`);
    },
  };
}

function sayImported(added: number, known: number): string {
  const chats = (count: number) => (count === 1 ? '1 chat' : `${count} chats`);
  const were = known === 1 ? 'was' : 'were';
  if (known === 0) return `Imported ${chats(added)}.`;
  if (added > 0) return `Imported ${chats(added)}; ${known} ${were} here already.`;
  return `Nothing was imported: ${known === 1 ? 'the chat' : `all ${chats(known)}`} ${were} here already.`;
}
