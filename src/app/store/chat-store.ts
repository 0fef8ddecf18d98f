/** The conversation, what is being typed, and the turns that the engine is asked for. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { MemoryReport } from '../../protocol';
import {
  EMPTY_CONVERSATION,
  isTooLong,
  promptOf,
  settled,
  withoutTurn,
  type AssistantMessage,
  type AttachedDocument,
  type Conversation,
} from './conversation';
import { isCalibrating } from './calibration';
import { toFailure } from './engine';
import { settingsFor, type KvStore } from './kv-store';
import { throwFailure, type LoadedModel, type ModelStore } from './model-store';
import { applyEvents, applyResult, type TurnView } from './turn';

/** Something to tell the visitor beside the composer, and whether the last conversation can be brought back. */
export interface Notice {
  readonly text: string;
  readonly undo: boolean;
}

export interface ChatState extends Conversation {
  readonly draft: string;
  readonly notice: Notice | undefined;
  /** Between pressing Stop and the engine's answer to it. */
  readonly stopping: boolean;
  /** As last reported; a new chat starts without. */
  readonly memory: MemoryReport | undefined;
  setDraft(draft: string): void;
  say(text: string): void;
  dismissNotice(): void;
  /** Before the first question: the conversation's document. Later: the start of a new chat, which can be undone. */
  attach(document: AttachedDocument): void;
  detach(): void;
  setDocumentTokens(document: AttachedDocument, tokens: number): void;
  /**
   * One turn, resolving when it is over. Does nothing without a ready model, while the engine is at something, or with a
   * document that the model cannot read.
   */
  ask(question: string): Promise<void>;
  stop(): Promise<void>;
  /** Asks a failed or stopped turn's question again, in its place at the end. */
  retry(answerId: string): Promise<void>;
  /** Takes a failed turn out and puts its question back into the composer. */
  editQuestion(answerId: string): void;
  /** The same for a conversation's first turn, without the document that made it too long. */
  removeDocument(answerId: string): void;
  newChat(): void;
  undoNewChat(): void;
}

export type ChatStore = StoreApi<ChatState>;

type Get = () => ChatState;
type Set = (change: Partial<ChatState>) => void;

export function createChatStore(model: ModelStore, kv: KvStore): ChatStore {
  const store = createStore<ChatState>()((set, get) => ({
    ...EMPTY_CONVERSATION,
    draft: '',
    notice: undefined,
    stopping: false,
    memory: undefined,
    setDraft: (draft) => set({ draft }),
    say: (text) => set({ notice: { text, undo: false } }),
    dismissNotice: () => set({ notice: undefined }),
    ...turnActions(set, get, model, kv),
    ...conversationActions(set, get),
  }));
  model.subscribe(({ status }) => {
    // With the engine its buffers are gone, and what was reported of them is no longer so.
    if (status.state !== 'ready') store.setState({ memory: undefined });
  });
  return store;
}

type TurnActions = Pick<ChatState, 'ask' | 'stop' | 'retry' | 'editQuestion' | 'removeDocument'>;

function turnActions(set: Set, get: Get, model: ModelStore, kv: KvStore): TurnActions {
  /** The engine takes one turn at a time, and a turn left behind by a new chat needs a moment to end. */
  let turnBefore: Promise<unknown> = Promise.resolve();
  const isFree = () => get().activeId === undefined && !isCalibrating(kv);

  return {
    async ask(question) {
      const { status } = model.getState();
      if (status.state !== 'ready' || !isFree() || question.trim() === '') return;
      if (isTooLong(get().document, status.model)) return;
      const answer = beginTurn(set, get, question.trim());
      const turn = turnBefore.then(() => runTurn(set, get, status, answer, kv));
      turnBefore = turn;
      await turn;
    },

    async stop() {
      const { status } = model.getState();
      if (status.state !== 'ready' || get().activeId === undefined) return;
      set({ stopping: true });
      await status.api.stop().catch(() => undefined); // A dead engine has stopped; the turn itself says why.
    },

    async retry(answerId) {
      const question = questionOf(get(), answerId);
      if (question === undefined || !isFree()) return;
      if (model.getState().status.state !== 'ready') return;
      set(withoutTurn(get(), answerId));
      await get().ask(question);
    },

    editQuestion(answerId) {
      const question = questionOf(get(), answerId);
      if (question === undefined || get().activeId !== undefined) return;
      const { draft } = get();
      set({ ...withoutTurn(get(), answerId), draft: draft === '' ? question : `${question}\n\n${draft}` });
    },

    removeDocument(answerId) {
      if (get().order.indexOf(answerId) !== 1) return;
      get().editQuestion(answerId);
      get().detach();
    },
  };
}

function beginTurn(set: Set, get: Get, question: string): AssistantMessage {
  const answer: AssistantMessage = {
    id: crypto.randomUUID(),
    role: 'assistant',
    text: '',
    answer: { state: 'reading', progress: undefined },
    figures: {},
  };
  const asked = { id: crypto.randomUUID(), role: 'user', question } as const;
  const { order, messages } = get();
  set({
    order: [...order, asked.id, answer.id],
    messages: { ...messages, [asked.id]: asked, [answer.id]: answer },
    activeId: answer.id,
    notice: undefined,
    stopping: false,
  });
  return answer;
}

async function runTurn(set: Set, get: Get, loaded: LoadedModel, answer: AssistantMessage, kvStore: KvStore) {
  const { api, gone } = loaded;
  const kv = settingsFor(kvStore.getState(), loaded.model);
  let view: TurnView = { answer: { ...answer, figures: { kv } }, memory: get().memory };
  /** False once a new chat has left this turn behind: what it still brings is dropped. */
  const isShown = () => get().activeId === answer.id;
  const show = (next: TurnView) => {
    view = next;
    if (isShown()) set({ messages: { ...get().messages, [answer.id]: view.answer }, memory: view.memory });
  };
  // Left or stopped while the turn before was still ending: the engine need not hear of it.
  if (!isShown()) return;
  if (get().stopping) {
    set({ ...settled(get()), stopping: false });
    return;
  }
  try {
    const sent = api.send({ messages: promptOf(get()), kv }, (events) => show(applyEvents(view, events)));
    const result = await Promise.race([sent, gone.then(throwFailure)]);
    show(applyResult(view, result));
  } catch (thrown) {
    const failed = { ...view.answer, answer: { state: 'failed', error: toFailure(thrown) } } as const;
    // Not the memory of the view: if the device went, it went with it.
    show({ answer: failed, memory: get().memory });
  } finally {
    if (isShown()) set({ activeId: undefined, stopping: false });
  }
}

function questionOf({ order, messages }: Conversation, answerId: string): string | undefined {
  const asked = messages[order[order.indexOf(answerId) - 1] ?? ''];
  return asked?.role === 'user' ? asked.question : undefined;
}

type ConversationActions = Pick<
  ChatState,
  'attach' | 'detach' | 'setDocumentTokens' | 'newChat' | 'undoNewChat'
>;

function conversationActions(set: Set, get: Get): ConversationActions {
  let left: (Conversation & Pick<ChatState, 'memory'>) | undefined;

  const leave = (notice: string) => {
    const { document, order, messages, activeId, memory } = get();
    if (activeId !== undefined) void get().stop();
    left = { ...settled({ document, order, messages, activeId }), memory };
    // Memory stays: the engine keeps the cache until the next question needs it.
    set({ ...EMPTY_CONVERSATION, stopping: false, notice: { text: notice, undo: true } });
  };

  return {
    attach(document) {
      if (get().order.length > 0) leave(`A document starts a new chat, so ${document.name} opened one.`);
      else set({ notice: undefined });
      set({ document });
    },

    detach() {
      if (get().order.length === 0) set({ document: undefined });
    },

    setDocumentTokens(document, tokens) {
      if (get().document === document) set({ document: { ...document, tokens } });
    },

    newChat() {
      if (get().order.length > 0) leave('Started a new chat.');
      else set({ ...EMPTY_CONVERSATION, notice: undefined });
    },

    undoNewChat() {
      if (left === undefined) return;
      if (get().activeId !== undefined) void get().stop();
      set({ ...left, stopping: false, notice: undefined });
      left = undefined;
    },
  };
}
