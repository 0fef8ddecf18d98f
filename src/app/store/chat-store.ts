/** The conversation that is shown, and what is being typed. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { MemoryReport } from '../../protocol';
import { ALONE, type Tabs } from '../archive/tabs';
import { runningId, type Away } from './away';
import { childrenOf, orderThrough, pathTo, pruned, subtreeOf, withoutFirst } from './branches';
import { turnActions, type TurnActions } from './chat-turns';
import { firstTurnTokens } from './context-use';
import {
  emptyConversation,
  isEmpty,
  joined,
  settled,
  type AttachedDocument,
  type Conversation,
  type ConversationSettings,
  type NewDocument,
  type SettingsChange,
} from './conversation';
import type { KvStore } from './kv-store';
import type { ModelStore } from './model-store';
import { noticeActions, outlasting, undoable, type Notice, type NoticeActions } from './notices';
import { withoutGaps } from './settings-rules';

export interface ChatState extends Conversation, TurnActions, NoticeActions {
  /** The answer that this page's engine is reading for or writing. */
  readonly activeId: string | undefined;
  /** What was left while it was answered; until the answer is done, no other can be asked for. */
  readonly away: Away | undefined;
  /** Another tab is answering in this conversation: until it is through, this one only watches. */
  readonly elsewhere: boolean;
  /** The question whose words are being changed in its place. */
  readonly editingId: string | undefined;
  /** By the id of a question: other words for it that are not sent. */
  readonly edits: Readonly<Record<string, string>>;
  readonly draft: string;
  readonly notice: Notice | undefined;
  /** Between pressing Stop and the engine's answer to it. */
  readonly stopping: boolean;
  /** As last reported. */
  readonly memory: MemoryReport | undefined;
  /** The conversation whose turn that was. */
  readonly memoryOf: string | undefined;
  setDraft(draft: string): void;
  /** Adds a document to the conversation; one with the same name and text is there already. It holds from the next turn. */
  attach(document: NewDocument): void;
  /** The conversation goes on without it, from the next turn. Can be undone. */
  detach(documentId: string): void;
  setDocumentTokens(documentId: string, tokens: number): void;
  /** Holds from the next turn. What is undefined goes back to the model's own. */
  changeSettings(change: SettingsChange): void;
  beginEdit(questionId: string): void;
  setEdit(questionId: string, text: string): void;
  /** What was typed waits until the question is edited again. */
  closeEdit(): void;
  /** And what was typed is gone. */
  cancelEdit(): void;
  /** Shows the branch that many steps beside a message; does nothing while a turn runs or where there is none. */
  showSibling(id: string, step: number): void;
  /** Takes out a message with all that follows it, which can be undone. Does nothing while a turn runs. */
  remove(id: string): void;
  /**
   * Takes out the first question and its answer, and leaves what follows: room in the context. Can be undone. Does nothing
   * while a turn runs or where nothing follows.
   */
  forgetFirst(): void;
  /** Leaves the conversation for an empty one; its turn goes on. */
  newChat(): void;
  /** Leaves the conversation for another; its turn goes on. One that is answered is shown as it is by now. */
  show(conversation: Conversation): void;
  /** Ends the turn of a conversation that was left, and settles what there is of its answer. */
  abandon(): void;
  /**
   * Takes over what another tab made of this conversation, or of the one that was left; while it is answered here, only what
   * is not known of it.
   */
  follow(conversation: Conversation): void;
}

export type ChatStore = StoreApi<ChatState>;

export type Get = () => ChatState;
export type Set = (change: Partial<ChatState>) => void;

export interface ChatSurroundings {
  /** What new conversations begin with. */
  readonly newSettings?: () => ConversationSettings;
  readonly tabs?: Tabs;
  /** Shows a conversation again that was left, as it is by then: renamed, answered on, or deleted. */
  readonly reopen?: (id: string) => void;
}

export function createChatStore(
  model: ModelStore,
  kv: KvStore,
  { newSettings = () => ({}), tabs = ALONE, reopen = () => undefined }: ChatSurroundings = {},
): ChatStore {
  const store = createStore<ChatState>()((set, get) => ({
    ...emptyConversation(newSettings()),
    elsewhere: false,
    activeId: undefined,
    away: undefined,
    editingId: undefined,
    edits: {},
    draft: '',
    notice: undefined,
    stopping: false,
    memory: undefined,
    memoryOf: undefined,
    setDraft: (draft) => set({ draft }),
    ...noticeActions(set, get),
    ...turnActions(set, get, { model, kv, tabs }),
    ...documentActions(set, get),
    ...branchActions(set, get),
    ...conversationActions(set, get, newSettings, reopen),
  }));
  model.subscribe(({ status }) => {
    // With the engine its buffers are gone, and what was reported of them is no longer so.
    if (status.state !== 'ready') store.setState({ memory: undefined });
  });
  return store;
}

const isAmong = (documents: readonly AttachedDocument[], { name, text }: NewDocument): boolean =>
  documents.some((held) => held.name === name && held.text === text);

function documentActions(
  set: Set,
  get: Get,
): Pick<ChatState, 'attach' | 'detach' | 'setDocumentTokens' | 'changeSettings'> {
  return {
    attach(document) {
      const { documents } = get();
      set({ notice: undoable(get().notice) });
      if (isAmong(documents, document)) return;
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
        if (now.id !== conversationId || isAmong(now.documents, gone)) return;
        set({ documents: now.documents.toSpliced(index, 0, gone), updatedAt: Date.now() });
      };
      get().say(`Removed ${gone.name}.`, { label: 'Undo', run });
    },

    setDocumentTokens(documentId, tokens) {
      const { documents } = get();
      // What stays the same object is not written down again.
      if (documents.every(({ id, tokens: known }) => id !== documentId || known === tokens)) return;
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
): Pick<
  ChatState,
  'beginEdit' | 'setEdit' | 'closeEdit' | 'cancelEdit' | 'showSibling' | 'remove' | 'forgetFirst'
> {
  return {
    beginEdit(questionId) {
      if (get().messages[questionId]?.role === 'user') set({ editingId: questionId });
    },

    setEdit(questionId, text) {
      const message = get().messages[questionId];
      if (message?.role !== 'user') return;
      const others = without(get().edits, questionId);
      set({ edits: text === message.question ? others : { ...others, [questionId]: text } });
    },

    closeEdit: () => set({ editingId: undefined }),

    cancelEdit() {
      const { editingId = '', edits } = get();
      set({ editingId: undefined, edits: without(edits, editingId) });
    },

    showSibling(id, step) {
      if (isIdle(get())) set({ order: orderThrough(get(), id, step), editingId: undefined });
    },

    remove(id) {
      const before = get();
      const message = before.messages[id];
      if (message === undefined || !isIdle(before)) return;
      const removed = subtreeOf(before, id);
      const rest = pruned(before, id);
      const undo = () => {
        const now = get();
        if (now.id !== before.id || !isIdle(now)) return;
        // Where nothing else was changed they are the very same, so that what was deleted before them can come back too.
        const back = Object.fromEntries(removed.map((gone) => [gone.id, gone]));
        const messages = now.messages === rest.messages ? before.messages : { ...now.messages, ...back };
        set({ messages, children: childrenOf(messages), order: pathTo(messages, before.order.at(-1)) });
      };
      set({ ...rest, editingId: undefined, updatedAt: Date.now() });
      const what = message.role === 'user' ? 'question' : 'answer';
      const more = removed.length > 1 ? ' and what followed' : '';
      get().say(`Deleted the ${what}${more}.`, { label: 'Undo', run: undo });
    },

    forgetFirst() {
      const before = get();
      const rest = isIdle(before) ? withoutFirst(before, firstTurnTokens(before)) : undefined;
      if (rest === undefined) return;
      const run = () => {
        const { id, messages, order } = get();
        // After another change to the messages there is no telling what belongs where.
        if (id !== before.id || messages !== rest.messages) return;
        const { children } = before;
        set({ messages: before.messages, children, order: pathTo(before.messages, order.at(-1)) });
      };
      set({ ...rest, editingId: undefined, updatedAt: Date.now() });
      get().say('Deleted the first question and its answer.', { label: 'Undo', run });
    },
  };
}

function conversationActions(
  set: Set,
  get: Get,
  newSettings: () => ConversationSettings,
  reopen: (id: string) => void,
): Pick<ChatState, 'newChat' | 'show' | 'abandon' | 'follow'> {
  return {
    newChat() {
      const left = get();
      left.show(emptyConversation(newSettings()));
      if (!isEmpty(left)) left.say('Started a new chat.', { label: 'Undo', run: () => reopen(left.id) });
    },

    show(conversation) {
      const { id, activeId, away, notice } = get();
      if (id === conversation.id && activeId !== undefined) return;
      const isBack = away?.conversation.id === conversation.id;
      const shown = isBack && away.activeId !== undefined ? away.conversation : conversation;
      const left = isBack ? undefined : away;
      set({
        ...shown,
        activeId: isBack ? away.activeId : undefined,
        away: activeId === undefined ? left : { conversation: conversationOf(get()), activeId },
        elsewhere: false,
        editingId: undefined,
        // Memory stays: the engine keeps the cache until the next question needs it.
        notice: outlasting(notice),
      });
    },

    abandon() {
      const { away, stop } = get();
      if (away?.activeId === undefined) return;
      void stop();
      const messages = settled(away.conversation.messages, away.activeId);
      const conversation = { ...away.conversation, messages, updatedAt: Date.now() };
      set({ away: { conversation, activeId: undefined }, stopping: false });
    },

    follow(conversation) {
      const { id, activeId, editingId, away } = get();
      if (away?.conversation.id === conversation.id) {
        const change = away.activeId === undefined ? conversation : joined(away.conversation, conversation);
        return set({ away: { ...away, conversation: { ...away.conversation, ...change } } });
      }
      if (id !== conversation.id) return;
      if (activeId !== undefined) return set(joined(get(), conversation));
      const stillThere = editingId !== undefined && conversation.order.includes(editingId);
      set({ ...conversation, editingId: stillThere ? editingId : undefined });
    },
  };
}

/** The edits but that of one question. */
export const without = (edits: ChatState['edits'], questionId: string): ChatState['edits'] =>
  Object.fromEntries(Object.entries(edits).filter(([id]) => id !== questionId));

/** Neither this tab nor another is answering in the shown conversation. */
export const isIdle = ({ activeId, elsewhere }: Pick<ChatState, 'activeId' | 'elsewhere'>): boolean =>
  activeId === undefined && !elsewhere;

/** And the engine has no other to answer in. */
export const isFree = (state: Pick<ChatState, 'activeId' | 'away' | 'elsewhere'>): boolean =>
  isIdle(state) && runningId(state) === undefined;

export function conversationOf(state: Conversation): Conversation {
  const { id, title, createdAt, updatedAt, documents, settings, messages, order, children } = state;
  return { id, title, createdAt, updatedAt, documents, settings, messages, order, children };
}
