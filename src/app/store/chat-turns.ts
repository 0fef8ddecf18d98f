/** The turns that the engine is asked for. Each ends in one answer of the conversation, on a branch of its own or not. */
import type { Tabs } from '../archive/tabs';
import { grown, isWordless, pruned, type Thread } from './branches';
import { changeHome, homeOf, runningId } from './away';
import { isCalibrating } from './calibration';
import { isFree, without, type ChatState, type Get, type Set } from './chat-store';
import { exceedsContext, heldUse, totalOf } from './context-use';
import {
  isContinuable,
  promptOf,
  settled,
  stopped,
  thoughtEnded,
  titleFrom,
  tokensOf,
  pendingDocuments,
  type AssistantMessage,
  type TurnFigures,
  type UserMessage,
} from './conversation';
import { CLOSED, toFailure } from './engine';
import { settingsFor, type KvStore } from './kv-store';
import { samplingOf } from './settings';
import { throwFailure, type LoadedModel, type ModelStore } from './model-store';
import { applyEvents, applyResult, type TurnView } from './turn';

/**
 * Each resolves when the turn is over, and does nothing without a ready model, while the engine is at something, or with
 * more than the model can read.
 */
export interface TurnActions {
  ask(question: string): Promise<void>;
  /** Asks what is typed, and empties the draft only where the turn is taken. */
  askDraft(): Promise<void>;
  /** Another answer to the same question, beside the one there is, or to a question without one. */
  regenerate(id: string): Promise<void>;
  /** Asks a question with other words, beside the one there is. */
  resend(questionId: string, question: string): Promise<void>;
  /** Goes on with an answer that was stopped, cut off or interrupted. */
  resume(answerId: string): Promise<void>;
  stop(): Promise<void>;
}

interface TurnParts {
  readonly model: ModelStore;
  readonly kv: KvStore;
  readonly tabs: Tabs;
}

export function turnActions(set: Set, get: Get, { model, kv, tabs }: TurnParts): TurnActions {
  /** The engine takes one turn at a time, and one whose conversation was deleted needs a moment to end. */
  let turnBefore: Promise<unknown> = Promise.resolve();

  /** The model, if it would take a turn now. */
  const taker = (tokens = tokensOf(get().documents) ?? 0): LoadedModel | undefined => {
    const { status } = model.getState();
    if (status.state !== 'ready' || !isFree(get()) || isCalibrating(kv)) return undefined;
    return exceedsContext(tokens, status.model) ? undefined : status;
  };
  const begin = async (loaded: LoadedModel, answer: AssistantMessage, change: Partial<ChatState>) => {
    const fresh = { activeId: answer.id, away: undefined, editingId: undefined, notice: undefined };
    set({ ...change, ...fresh, stopping: false, updatedAt: Date.now() });
    const run = () => runTurn([set, get], loaded, answer, kv);
    const { id } = get();
    const turn = turnBefore.then(() => holding(tabs, id, run));
    turnBefore = turn;
    await turn;
  };

  const ask = async (question: string, change: Partial<ChatState> = {}) => {
    const state = get();
    const loaded = taker(totalOf({ ...heldUse(state), draft: 0 }));
    const text = question.trim();
    if (loaded === undefined || text === '') return;
    const asked = questionOf(text, state.order.at(-1), pendingIds(state));
    const answer = answerTo(asked.id);
    const title = state.title || titleFrom(text);
    await begin(loaded, answer, { ...change, ...grown(state, asked, answer), title });
  };

  return {
    ask: (question) => ask(question),
    askDraft: () => ask(get().draft, { draft: '' }),

    async regenerate(id) {
      const state = get();
      const question = questionAt(state, id);
      const loaded = taker();
      if (question === undefined || loaded === undefined) return;
      const answer = answerTo(question.id);
      const kept = id === question.id ? state : withoutWordless(state, id);
      await begin(loaded, answer, grown(kept, answer));
    },

    async resend(questionId, question) {
      const state = get();
      const before = questionAt(state, questionId);
      const loaded = taker();
      const text = question.trim();
      if (before === undefined || loaded === undefined || text === '') return;
      const asked = questionOf(text, before.parentId, before.documentIds);
      const answer = answerTo(asked.id);
      const thread = grown(withoutWordless(state, before.id), asked, answer);
      await begin(loaded, answer, { ...thread, edits: without(state.edits, questionId) });
    },

    async resume(answerId) {
      const state = get();
      const answer = state.messages[answerId];
      const loaded = taker();
      if (answer?.role !== 'assistant' || state.order.at(-1) !== answerId || loaded === undefined) return;
      if (!isContinuable(answer)) return;
      await begin(loaded, answer, { messages: { ...state.messages, [answerId]: begun(answer) } });
    },

    stop: () => stopTurn(set, get, model),
  };
}

/** While one tab answers in a conversation, the others watch. */
async function holding(tabs: Tabs, id: string, run: () => Promise<void>): Promise<void> {
  await tabs.hold(id, () => {
    tabs.tell({ what: 'began', id });
    return run();
  });
}

async function stopTurn(set: Set, get: Get, model: ModelStore): Promise<void> {
  const { status } = model.getState();
  if (status.state !== 'ready' || runningId(get()) === undefined) return;
  set({ stopping: true });
  await status.api.stop().catch(() => undefined); // A dead engine has stopped; the turn itself says why.
}

const pendingIds = (state: ChatState): readonly string[] => pendingDocuments(state).map(({ id }) => id);

function questionOf(
  question: string,
  parentId: string | undefined,
  documentIds: readonly string[],
): UserMessage {
  return { id: crypto.randomUUID(), role: 'user', parentId, createdAt: Date.now(), question, documentIds };
}

function answerTo(questionId: string): AssistantMessage {
  return {
    id: crypto.randomUUID(),
    role: 'assistant',
    parentId: questionId,
    createdAt: Date.now(),
    text: '',
    answer: { state: 'reading', progress: undefined },
    figures: {},
  };
}

/** A question, or the one that an answer is to. */
function questionAt({ messages }: Pick<Thread, 'messages'>, id: string): UserMessage | undefined {
  const message = messages[id];
  const asked = message?.role === 'assistant' ? messages[message.parentId ?? ''] : message;
  return asked?.role === 'user' ? asked : undefined;
}

/** A message that nothing came of is not worth a branch. */
const withoutWordless = (thread: Thread, id: string): Thread =>
  isWordless(thread, id) ? pruned(thread, id) : thread;

/** An answer as a turn begins with it. */
function begun(
  answer: AssistantMessage,
  known: Pick<TurnFigures, 'kv' | 'documentTokens'> = {},
): AssistantMessage {
  const { earlierTokens = 0, newTokens = 0, thoughtMs } = answer.figures;
  const earlier = earlierTokens + newTokens;
  return {
    ...answer,
    answer: { state: 'reading', progress: undefined },
    figures: {
      ...known,
      ...(earlier > 0 && { earlierTokens: earlier }),
      ...(thoughtMs !== undefined && { thoughtMs }),
    },
  };
}

async function runTurn(
  page: readonly [Set, Get],
  loaded: LoadedModel,
  answer: AssistantMessage,
  kvStore: KvStore,
) {
  const { api, gone } = loaded;
  const { id } = answer;
  const [, get] = page;
  const home = homeOf(get(), id);
  // Deleted or stopped while the turn before was still ending: the engine need not hear of it.
  if (home === undefined) return;
  const continued = answer.text === '' ? undefined : answer;
  if (get().stopping) {
    const messages = continued ? { ...home.messages, [id]: continued } : settled(home.messages, id);
    return changeHome(page, id, { messages }, true);
  }
  const { settings } = home;
  const { maxNewTokens, thinking } = settings;
  const kv = settingsFor(kvStore.getState(), settings, loaded.model);
  const documentTokens = tokensOf(home.documents);
  const known = { kv, ...(documentTokens !== undefined && { documentTokens }) };
  let view: TurnView = { answer: begun(answer, known), continued, memory: get().memory };
  /** What still comes of a turn that is not to go on is dropped. */
  const show = (next: TurnView) => {
    view = next;
    const now = homeOf(get(), id);
    if (now) changeHome(page, id, { messages: { ...now.messages, [id]: view.answer }, memory: view.memory });
  };
  show(view);
  try {
    const request = {
      messages: promptOf(homeOf(get(), id) ?? home),
      kv,
      sampling: samplingOf(settings),
      ...(maxNewTokens !== undefined && { maxNewTokens }),
      ...(thinking !== undefined && { thinking }),
    };
    const sent = api.send(request, (events) => show(applyEvents(view, events)));
    // That another load closed the engine was the visitor's own doing, and no failure.
    const ended = gone.then((failure) => (failure === CLOSED ? undefined : throwFailure(failure)));
    const result = await Promise.race([sent, ended]);
    if (result) show(applyResult(view, result));
    else show({ ...view, answer: stopped(view.answer), memory: get().memory });
  } catch (thrown) {
    const failed = {
      ...view.answer,
      answer: { state: 'failed', error: toFailure(thrown) },
      figures: thoughtEnded(view.answer.figures),
    } as const;
    // Not the memory of the view: if the device went, it went with it.
    show({ ...view, answer: failed, memory: get().memory });
  } finally {
    changeHome(page, id, { updatedAt: Date.now() }, true);
  }
}
