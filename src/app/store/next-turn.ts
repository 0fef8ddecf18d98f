/** What sending now would take: foretold while the visitor types, so that nobody learns it from a failure. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { runningId } from './away';
import type { ChatStore } from './chat-store';
import { exceedsContext, heldUse, totalOf, type ContextUse } from './context-use';
import { settingsFor, type KvStore } from './kv-store';
import type { BudgetStore } from './memory-budget';
import type { ModelStore } from './model-store';
import type { PlannerStore } from './planner';
import type { Assessment } from './verdict';

export interface NextTurn {
  /** Of the coming prompt, as far as it can be counted before the chat template; undefined without a model. */
  readonly use: ContextUse | undefined;
  /** Undefined until it is known, and where the prompt exceeds the context. */
  readonly assessment: Assessment | undefined;
}

export type NextTurnStore = StoreApi<NextTurn>;

export interface NextTurnParts {
  readonly model: ModelStore;
  readonly chat: ChatStore;
  readonly kv: KvStore;
  readonly budget: BudgetStore;
  readonly planner: PlannerStore;
}

const NOTHING: NextTurn = { use: undefined, assessment: undefined };

/** Pauses in typing shorter than this are not worth a count. */
const PAUSE_MS = 300;

export function createNextTurn(parts: NextTurnParts, pauseMs = PAUSE_MS): NextTurnStore {
  const { model, chat, kv, budget } = parts;
  const store = createStore<NextTurn>()(() => NOTHING);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = 0;
  const look = async () => {
    const mine = ++latest;
    const found = await foretell(parts);
    // What was asked later is the answer that counts; a turn under way keeps the last one.
    if (mine === latest && found !== 'busy') store.setState(found, true);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), pauseMs);
  };
  model.subscribe(later);
  kv.subscribe(later);
  budget.subscribe(later);
  chat.subscribe((now, before) => {
    const same = (['draft', 'documents', 'order', 'settings'] as const).every(
      (key) => now[key] === before[key],
    );
    if (same && runningId(now) === runningId(before)) return;
    const { use } = store.getState();
    const isOther = now.order !== before.order || now.documents !== before.documents;
    // What was taken out is out at once: until the next count it must not keep anyone from sending.
    if (isOther && use && now.activeId === undefined)
      store.setState({ use: { ...heldUse(now), draft: now.draft === '' ? 0 : use.draft } });
    later();
  });
  return store;
}

async function foretell({ model, chat, kv, planner }: NextTurnParts): Promise<NextTurn | 'busy'> {
  const { status } = model.getState();
  const state = chat.getState();
  if (status.state !== 'ready') return NOTHING;
  if (runningId(state) !== undefined) return 'busy';
  const { model: info, api } = status;
  try {
    const count = (text = '') => (text.trim() === '' ? 0 : api.countTokens(text));
    const draft = await count(state.draft);
    const held = heldUse(state);
    // What a turn came to holds the system message; before the first it stands alone.
    const conversation = held.conversation || (await count(state.settings.system));
    const use = { ...held, conversation, draft };
    const tokens = totalOf(use);
    if (tokens === 0 || exceedsContext(tokens, info)) return { use, assessment: undefined };
    const judged = await planner.getState().judge({
      promptTokens: tokens,
      answerTokens: Math.min(state.settings.maxNewTokens ?? info.maxNewTokens, info.contextLength - tokens),
      kv: settingsFor(kv.getState(), state.settings, info),
    });
    return { use, assessment: judged.state === 'judged' ? judged.assessment : undefined };
  } catch {
    return NOTHING; // The engine died, which the model's own notice tells.
  }
}
