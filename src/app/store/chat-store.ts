/** The conversation that is shown, what is being typed, and the others to go back to. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { MemoryReport } from '../../protocol';
import { childrenOf, orderThrough, pruned, subtreeOf } from './branches';
import { turnActions, type TurnActions } from './chat-turns';
import {
  emptyConversation,
  isEmpty,
  settled,
  type Conversation,
  type ConversationSettings,
  type NewDocument,
  type SettingsChange,
} from './conversation';
import type { KvStore } from './kv-store';
import type { ModelStore } from './model-store';
import { withoutGaps } from './settings-rules';

export interface Undo {
  readonly label: string;
  run(): void;
}

/** Something to tell the visitor beside the composer, and how to take it back where it can be. */
export interface Notice {
  readonly text: string;
  readonly undo: Undo | undefined;
}

export interface ChatState extends Conversation, TurnActions {
  /** Every other conversation, the last left first. */
  readonly others: readonly Conversation[];
  /** The answer that this page's engine is reading for or writing. */
  readonly activeId: string | undefined;
  /** The question whose words are being changed in its place. */
  readonly editingId: string | undefined;
  readonly draft: string;
  readonly notice: Notice | undefined;
  /** Between pressing Stop and the engine's answer to it. */
  readonly stopping: boolean;
  /** As last reported. */
  readonly memory: MemoryReport | undefined;
  setDraft(draft: string): void;
  say(text: string, undo?: Undo): void;
  dismissNotice(): void;
  /** Adds a document to the conversation; one with the same name and text is there already. It holds from the next turn. */
  attach(document: NewDocument): void;
  /** The conversation goes on without it, from the next turn. Can be undone. */
  detach(documentId: string): void;
  setDocumentTokens(documentId: string, tokens: number): void;
  /** Holds from the next turn. What is undefined goes back to the model's own. */
  changeSettings(change: SettingsChange): void;
  beginEdit(questionId: string): void;
  cancelEdit(): void;
  /** Shows the branch that many steps beside a message; does nothing while a turn runs or where there is none. */
  showSibling(id: string, step: number): void;
  /** Takes out a message with all that follows it, which can be undone. Does nothing while a turn runs. */
  remove(id: string): void;
  /** Leaves the conversation, which stops its turn, for an empty one. */
  newChat(): void;
  /** Leaves the conversation for another. */
  open(id: string): void;
}

export type ChatStore = StoreApi<ChatState>;

export type Get = () => ChatState;
export type Set = (change: Partial<ChatState>) => void;

export function createChatStore(
  model: ModelStore,
  kv: KvStore,
  /** What new conversations begin with. */
  newSettings: () => ConversationSettings = () => ({}),
): ChatStore {
  const store = createStore<ChatState>()((set, get) => ({
    ...emptyConversation(newSettings()),
    others: [],
    activeId: undefined,
    editingId: undefined,
    draft: '',
    notice: undefined,
    stopping: false,
    memory: undefined,
    setDraft: (draft) => set({ draft }),
    say: (text, undo) => set({ notice: { text, undo } }),
    dismissNotice: () => set({ notice: undefined }),
    ...turnActions(set, get, model, kv),
    ...documentActions(set, get),
    ...branchActions(set, get),
    ...conversationActions(set, get, newSettings),
  }));
  model.subscribe(({ status }) => {
    // With the engine its buffers are gone, and what was reported of them is no longer so.
    if (status.state !== 'ready') store.setState({ memory: undefined });
  });
  return store;
}

function documentActions(
  set: Set,
  get: Get,
): Pick<ChatState, 'attach' | 'detach' | 'setDocumentTokens' | 'changeSettings'> {
  return {
    attach(document) {
      const { documents } = get();
      set({ notice: undefined });
      if (documents.some(({ name, text }) => name === document.name && text === document.text)) return;
      const attached = { ...document, id: crypto.randomUUID() };
      set({ documents: [...documents, attached], updatedAt: Date.now() });
    },

    detach(documentId) {
      const { id: conversationId, documents } = get();
      const index = documents.findIndex(({ id }) => id === documentId);
      const gone = documents[index];
      if (gone === undefined) return;
      set({ documents: documents.toSpliced(index, 1), updatedAt: Date.now() });
      const run = () => {
        const now = get();
        if (now.id !== conversationId) return;
        set({ documents: now.documents.toSpliced(index, 0, gone), updatedAt: Date.now(), notice: undefined });
      };
      get().say(`Removed ${gone.name}.`, { label: 'Bring it back', run });
    },

    setDocumentTokens(documentId, tokens) {
      const { documents } = get();
      set({ documents: documents.map((held) => (held.id === documentId ? { ...held, tokens } : held)) });
    },

    changeSettings(change) {
      set({ settings: withoutGaps({ ...get().settings, ...change }), updatedAt: Date.now() });
    },
  };
}

function branchActions(
  set: Set,
  get: Get,
): Pick<ChatState, 'beginEdit' | 'cancelEdit' | 'showSibling' | 'remove'> {
  return {
    beginEdit(questionId) {
      if (get().messages[questionId]?.role === 'user') set({ editingId: questionId });
    },

    cancelEdit() {
      set({ editingId: undefined });
    },

    showSibling(id, step) {
      if (get().activeId === undefined) set({ order: orderThrough(get(), id, step), editingId: undefined });
    },

    remove(id) {
      const before = get();
      const message = before.messages[id];
      if (message === undefined || before.activeId !== undefined) return;
      const removed = subtreeOf(before, id);
      const undo = () => {
        const now = get();
        if (now.id !== before.id || now.activeId !== undefined) return;
        const back = Object.fromEntries(removed.map((gone) => [gone.id, gone]));
        const messages = { ...now.messages, ...back };
        set({ messages, children: childrenOf(messages), order: before.order, notice: undefined });
      };
      set({ ...pruned(before, id), editingId: undefined, updatedAt: Date.now() });
      const what = message.role === 'user' ? 'question' : 'answer';
      const more = removed.length > 1 ? ' and what followed' : '';
      get().say(`Deleted the ${what}${more}.`, { label: 'Bring it back', run: undo });
    },
  };
}

function conversationActions(
  set: Set,
  get: Get,
  newSettings: () => ConversationSettings,
): Pick<ChatState, 'newChat' | 'open'> {
  /** Shows another conversation; the one that was shown, unless it is empty, is then among the others. */
  const show = (conversation: Conversation, others: readonly Conversation[]) => {
    const state = get();
    if (state.activeId !== undefined) void state.stop();
    const left = { ...conversationOf(state), messages: settled(state.messages, state.activeId) };
    set({
      ...conversation,
      others: isEmpty(left) ? others : [left, ...others],
      activeId: undefined,
      editingId: undefined,
      stopping: false,
      notice: undefined,
      // Memory stays: the engine keeps the cache until the next question needs it.
    });
    return isEmpty(left) ? undefined : left.id;
  };

  return {
    newChat() {
      const left = show(emptyConversation(newSettings()), get().others);
      if (left === undefined) return;
      get().say('Started a new chat.', { label: 'Bring the last one back', run: () => get().open(left) });
    },

    open(id) {
      const opened = get().others.find((other) => other.id === id);
      if (opened === undefined) return;
      show(
        opened,
        get().others.filter((other) => other !== opened),
      );
    },
  };
}

function conversationOf(state: Conversation): Conversation {
  const { id, title, createdAt, updatedAt, documents, settings, messages, order, children } = state;
  return { id, title, createdAt, updatedAt, documents, settings, messages, order, children };
}
