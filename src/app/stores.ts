/** The stores of one page, wired to each other, and the React hooks that select from them. */
import { createContext, use } from 'react';
import { useStore } from 'zustand';
import type { StoreApi } from 'zustand/vanilla';
import type { KvSettings, ModelInfo } from '../protocol';
import { memoryArchive, type Archive } from './archive/archive';
import { ALONE, settling, type Tabs } from './archive/tabs';
import { createAnnouncer, type Announcement } from './store/announcer';
import {
  createAttachmentsStore,
  type AttachmentsState,
  type AttachmentsStore,
} from './store/attachments-store';
import { homeOf, runningId } from './store/away';
import { createChatStore, type ChatState, type ChatStore } from './store/chat-store';
import { exceedsContext, totalOf } from './store/context-use';
import { tokensOf } from './store/conversation';
import {
  createConversationsStore,
  type ConversationsState,
  type ConversationsStore,
} from './store/conversations-store';
import type { ConnectEngine } from './store/engine';
import { createKvStore, listPolicies, settingsFor, type KvState, type KvStore } from './store/kv-store';
import { createLoadOptions, type LoadOptionsState, type LoadOptionsStore } from './store/load-options';
import {
  createBudgetStore,
  deviceClassOf,
  type BudgetState,
  type BudgetStore,
  type Told,
} from './store/memory-budget';
import { createLastModel, type LastModel } from './store/last-model';
import { createDeviceStore, type DeviceState, type DeviceStore } from './store/device-store';
import { connectLibraryWorker } from './store/library-connection';
import {
  createLibraryStore,
  verifyStored,
  type LibraryState,
  type LibraryStore,
} from './store/library-store';
import { createMemoryHistory, type MemoryHistory, type MemoryHistoryStore } from './store/memory-history';
import { createModelStore, type ModelState, type ModelStore } from './store/model-store';
import { createNextTurn, type NextTurn, type NextTurnStore } from './store/next-turn';
import { createOutline, type Outline, type OutlineStore } from './store/outline';
import { createPlanner, type PlannerState, type PlannerStore } from './store/planner';
import { createPreviewStore, type PreviewState, type PreviewStore } from './store/preview-store';
import { createSamplesStore, type SamplesState, type SamplesStore } from './store/samples-store';
import { createSelectionStore, type SelectionState, type SelectionStore } from './store/selection-store';
import { createNewChatStore, type NewChatState, type NewChatStore } from './store/settings';
import { createThemeStore, type Theme, type ThemeState, type ThemeStore } from './store/theme-store';
import { rememberedModels, type RememberedModels } from './store/remembered-models';
import { FORGETFUL, type Memory } from './store/storage';
import { countDocumentTokens } from './store/token-count';
import { connectServiceWorker } from './store/site-worker';
import { createUpdateStore, type UpdateState, type UpdateStore } from './store/update-store';
import { createViewStore, type ViewState, type ViewStore } from './store/view-store';

export interface Stores {
  readonly model: ModelStore;
  readonly kv: KvStore;
  readonly newChat: NewChatStore;
  readonly chat: ChatStore;
  readonly outline: OutlineStore;
  readonly attachments: AttachmentsStore;
  readonly preview: PreviewStore;
  readonly conversations: ConversationsStore;
  readonly selection: SelectionStore;
  readonly memoryHistory: MemoryHistoryStore;
  readonly samples: SamplesStore;
  readonly theme: ThemeStore;
  readonly view: ViewStore;
  readonly budget: BudgetStore;
  readonly loadOptions: LoadOptionsStore;
  readonly planner: PlannerStore;
  readonly nextTurn: NextTurnStore;
  readonly library: LibraryStore;
  readonly device: DeviceStore;
  readonly lastModel: LastModel;
  readonly update: UpdateStore;
  readonly announcer: StoreApi<Announcement>;
}

/** What the page has from its browser; what is left out is as in a window that keeps nothing and is alone. */
export interface Surroundings {
  readonly connect: ConnectEngine;
  readonly storage: Memory;
  readonly systemTheme: Theme;
  readonly told?: Told;
  readonly connectLibrary?: typeof connectLibraryWorker;
  readonly memory?: RememberedModels;
  readonly archive?: Promise<Archive>;
  readonly tabs?: Tabs;
  /** Of this tab alone. */
  readonly session?: Memory;
  /** For the sidebar beside the chat. */
  readonly hasRoom?: () => boolean;
}

export function createStores({
  connect,
  storage,
  systemTheme,
  told = {},
  connectLibrary = connectLibraryWorker,
  memory = rememberedModels(),
  archive = Promise.resolve(memoryArchive()),
  tabs = ALONE,
  session = FORGETFUL,
  hasRoom = () => true,
}: Surroundings): Stores {
  const keeper = connectLibrary();
  const model = createModelStore(connect, verifyStored(keeper, storage));
  const kv = createKvStore(storage);
  const newChat = createNewChatStore(storage);
  const newSettings = () => newChat.getState().settings;
  const chat = createChatStore(model, kv, {
    newSettings,
    tabs: settling(tabs, () => conversations.getState().flush()),
    reopen: (id) => void conversations.getState().open(id),
  });
  const conversations = createConversationsStore({ chat, archive, tabs, session, newSettings });
  const budget = createBudgetStore(storage, deviceClassOf(told));
  const planner = createPlanner(model, budget);
  countDocumentTokens(chat, model);
  listPolicies(kv, model);
  const view = createViewStore(storage, hasRoom);
  const library = createLibraryStore(keeper, model, storage);
  const device = createDeviceStore({ api: keeper, library, model, memory });
  view.subscribe(({ dialog }) => {
    if (dialog !== 'models') return;
    void library.getState().refresh();
    void device.getState().refresh();
  });
  return {
    model,
    kv,
    newChat,
    chat,
    outline: createOutline(chat),
    attachments: createAttachmentsStore(chat),
    preview: createPreviewStore(chat),
    conversations,
    selection: createSelectionStore(model, chat, kv),
    memoryHistory: createMemoryHistory(chat),
    samples: createSamplesStore(),
    theme: createThemeStore(storage, systemTheme),
    budget,
    loadOptions: createLoadOptions(storage),
    planner,
    nextTurn: createNextTurn({ model, chat, kv, budget, planner }),
    view,
    library,
    update: createUpdateStore(connectServiceWorker),
    device,
    lastModel: createLastModel(model, storage, device.getState().idOf),
    announcer: createAnnouncer(chat, kv),
  };
}

export const StoresContext = createContext<Stores | undefined>(undefined);

export function useStores(): Stores {
  const stores = use(StoresContext);
  if (stores === undefined) throw new Error('no StoresContext above this component');
  return stores;
}

export const useModel = <T>(select: (state: ModelState) => T): T => useStore(useStores().model, select);
export const useChat = <T>(select: (state: ChatState) => T): T => useStore(useStores().chat, select);
/** For what is drawn of each message: unlike the chat's, these selectors do not run at every token and key. */
export const useOutline = <T>(select: (state: Outline) => T): T => useStore(useStores().outline, select);
export const useAttachments = <T>(select: (state: AttachmentsState) => T): T =>
  useStore(useStores().attachments, select);
export const usePreview = <T>(select: (state: PreviewState) => T): T => useStore(useStores().preview, select);
export const useConversations = <T>(select: (state: ConversationsState) => T): T =>
  useStore(useStores().conversations, select);
export const useKv = <T>(select: (state: KvState) => T): T => useStore(useStores().kv, select);
export const useNewChat = <T>(select: (state: NewChatState) => T): T => useStore(useStores().newChat, select);
export const useSelection = <T>(select: (state: SelectionState) => T): T =>
  useStore(useStores().selection, select);
export const useMemoryHistory = <T>(select: (state: MemoryHistory) => T): T =>
  useStore(useStores().memoryHistory, select);
export const useSamples = <T>(select: (state: SamplesState) => T): T => useStore(useStores().samples, select);
export const useTheme = <T>(select: (state: ThemeState) => T): T => useStore(useStores().theme, select);
export const useView = <T>(select: (state: ViewState) => T): T => useStore(useStores().view, select);
export const useBudget = <T>(select: (state: BudgetState) => T): T => useStore(useStores().budget, select);
export const useLoadOptions = <T>(select: (state: LoadOptionsState) => T): T =>
  useStore(useStores().loadOptions, select);
export const usePlanner = <T>(select: (state: PlannerState) => T): T => useStore(useStores().planner, select);
export const useNextTurn = <T>(select: (state: NextTurn) => T): T => useStore(useStores().nextTurn, select);
export const useLibrary = <T>(select: (state: LibraryState) => T): T => useStore(useStores().library, select);
export const useUpdate = <T>(select: (state: UpdateState) => T): T => useStore(useStores().update, select);
export const useDevice = <T>(select: (state: DeviceState) => T): T => useStore(useStores().device, select);
export const useAnnouncement = (): string => useStore(useStores().announcer, ({ text }) => text);

export const useLoadedModel = (): ModelInfo | undefined =>
  useModel(({ status }) => (status.state === 'ready' ? status.model : undefined));

/** Whether the engine has nothing to do: then it can be asked, or calibrated. */
export function useIsFree(): boolean {
  const ready = useModel(({ status }) => status.state === 'ready');
  const free = useOutline(({ isFree }) => isFree);
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  return ready && free && !calibrating;
}

/** Whether a question would be taken again, or another one in its place. */
export function useCanAsk(): boolean {
  const model = useLoadedModel();
  const documents = useOutline(({ documents }) => tokensOf(documents) ?? 0);
  const isAttaching = useFileBeingRead() !== undefined;
  return useIsFree() && !isAttaching && model !== undefined && !exceedsContext(documents, model);
}

/** The name of a file that is to be a document of this chat and is none yet: a question about it waits. */
export function useFileBeingRead(): string | undefined {
  return useAttachments(({ incoming }) => incoming.find(({ state }) => state === 'reading')?.name);
}

/** Whether the coming prompt, with the draft, is more than the model can read. */
export function useIsOverContext(): boolean {
  const model = useLoadedModel();
  const documents = useOutline(({ documents }) => tokensOf(documents) ?? 0);
  const use = useNextTurn((next) => next.use);
  // The documents are known at once; the rest is counted when the typing pauses.
  const tokens = Math.max(documents, use ? totalOf(use) : 0);
  return model !== undefined && exceedsContext(tokens, model);
}

/** What the next turn will go by; undefined without a model. */
export function useKvSettings(): KvSettings | undefined {
  const state = useKv((kv) => kv);
  const settings = useChat((chat) => chat.settings);
  const model = useLoadedModel();
  return model && settingsFor(state, settings, model);
}

export type PageState = 'idle' | 'loading' | 'ready' | 'reading' | 'writing' | 'calibrating' | 'failed';

/** One name for what the page is doing: the model's state, or what the engine is at while it is at something. */
export function usePageState(): PageState {
  const model = useModel(({ status }) => status.state);
  const turn = useChat((state) => {
    const id = runningId(state);
    const active = id === undefined ? undefined : homeOf(state, id)?.messages[id];
    return active?.role === 'assistant' ? active.answer.state : undefined;
  });
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  if (model !== 'ready') return model;
  if (calibrating) return 'calibrating';
  return turn === 'reading' || turn === 'writing' ? turn : model;
}
