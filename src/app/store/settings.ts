/** The settings of a conversation, the model's own beneath them, and what new conversations begin with. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { KvSettings, ModelInfo, SamplingOptions } from '../../protocol';
import type { ChatStore } from './chat-store';
import type { ConversationSettings } from './conversation';
import { isChanged, type KvStore } from './kv-store';
import type { ModelStore } from './model-store';
import { readSettings, withoutGaps } from './settings-rules';
import { keep, recall, type Memory } from './storage';

/** What a new conversation begins with. */
export interface NewChatState {
  readonly settings: ConversationSettings;
  /** False where the browser lets the page store nothing: then they last as long as the page. */
  readonly remembers: boolean;
  choose(settings: ConversationSettings): void;
}

export type NewChatStore = StoreApi<NewChatState>;

const KEY = 'fastkv.new-chat';

export function createNewChatStore(storage: Memory): NewChatStore {
  const stored = recall(storage, KEY);
  return createStore<NewChatState>()((set) => ({
    settings: remembered(stored),
    remembers: stored !== undefined,
    choose: (settings) => set({ settings, remembers: keep(storage, KEY, JSON.stringify(settings)) }),
  }));
}

function remembered(stored: string | null | undefined): ConversationSettings {
  try {
    return readSettings(JSON.parse(stored ?? '{}'));
  } catch {
    return {};
  }
}

export interface SettingsStores {
  readonly model: ModelStore;
  readonly chat: ChatStore;
  readonly kv: KvStore;
}

/** Holds from the next message on: in this conversation, and the TSP layer for the loaded model wherever it is used. */
export function changeKv(
  { model, chat, kv }: SettingsStores,
  { tspLayer, ...change }: Partial<KvSettings>,
): void {
  const { settings, changeSettings } = chat.getState();
  if (Object.keys(change).length > 0) changeSettings({ kv: { ...settings.kv, ...change } });
  const { status } = model.getState();
  if (tspLayer !== undefined && status.state === 'ready') kv.getState().setTspLayer(status.model, tspLayer);
}

/** Back to the loaded model's own. */
export function resetKv({ model, chat, kv }: SettingsStores): void {
  chat.getState().changeSettings({ kv: undefined });
  const { status } = model.getState();
  if (status.state === 'ready') kv.getState().setTspLayer(status.model, undefined);
}

/** One option; undefined takes the model's own. */
export function changeSampling(
  { chat }: Pick<SettingsStores, 'chat'>,
  change: { readonly [Key in keyof SamplingOptions]?: number | undefined },
): void {
  const { settings, changeSettings } = chat.getState();
  changeSettings({ sampling: withoutGaps({ ...settings.sampling, ...change }) });
}

/** Everything back to the loaded model's own. */
export function resetSettings(stores: SettingsStores): void {
  const { changeSettings } = stores.chat.getState();
  changeSettings({ system: undefined, sampling: undefined, maxNewTokens: undefined, thinking: undefined });
  resetKv(stores);
}

/** Whether anything is other than the model's own. */
export function hasOwnSettings(
  settings: ConversationSettings,
  kv: Parameters<typeof isChanged>[0],
  model: ModelInfo,
): boolean {
  const { kv: _, ...others } = settings;
  return Object.keys(withoutGaps(others)).length > 0 || isChanged(kv, settings, model);
}

export const isSame = (a: ConversationSettings, b: ConversationSettings): boolean =>
  JSON.stringify(sorted(withoutGaps(a))) === JSON.stringify(sorted(withoutGaps(b)));

/** With keys in one order, whichever was changed first. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, part]) => [key, sorted(part)]);
}

/** For the engine: what was chosen, and a seed of its own for every answer where none was. */
export function samplingOf({ sampling }: ConversationSettings): Partial<SamplingOptions> {
  return { seed: crypto.getRandomValues(new Uint32Array(1))[0] ?? 0, ...sampling };
}
