/** Models of the Hub and models kept in this browser: what there is, what is on its way, and the ways of loading them. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type {
  HubListing,
  LibraryApi,
  OnProgress,
  StorageSpace,
  StoredModel,
  TransferProgress,
} from '../../library-protocol';
import type { EngineFailure, HubModel, LoadRequest, PickedFile, WeightForm } from '../../protocol';
import { toFailure } from './engine';
import { readHubSettings, tokenForKey, writeHubSettings, type HubSettings } from './hub-settings';
import { dtypeOf } from './load-options';
import type { ModelStore, Prepare } from './model-store';
import type { Memory } from './storage';

/** A model of the Hub that is set, or of another that is named. */
export type HubChoice = Pick<HubModel, 'repo' | 'revision'> & Partial<HubModel>;

export type Look =
  | { readonly state: 'looking'; readonly model: HubModel }
  | { readonly state: 'found'; readonly model: HubModel; readonly listing: HubListing }
  | { readonly state: 'failed'; readonly model: HubModel; readonly error: EngineFailure };

export type Transfer = { readonly name: string; readonly model: HubModel | undefined } & (
  | { readonly state: 'running'; readonly progress: TransferProgress | undefined }
  | { readonly state: 'done'; readonly stored: StoredModel }
  | { readonly state: 'failed'; readonly error: EngineFailure }
);

export interface LibraryNotice {
  readonly text: string;
  readonly isError: boolean;
}

export interface LibraryState {
  readonly hub: HubSettings;
  /** Undefined until storage was looked at. */
  readonly stored: readonly StoredModel[] | undefined;
  readonly space: StorageSpace | undefined;
  readonly look: Look | undefined;
  /** The download or copy under way, or the last one. One at a time. */
  readonly transfer: Transfer | undefined;
  /** Why the last thing asked of storage was not done. */
  readonly problem: EngineFailure | undefined;
  /** What the visitor should know though nothing stands still for it. */
  readonly notice: LibraryNotice | undefined;

  setHub(hub: HubSettings): void;
  /** Reads anew what is stored and how much room there is. */
  refresh(): Promise<void>;
  /** Asks the Hub what a model is. */
  find(choice: HubChoice): Promise<void>;
  download(choice: HubChoice): Promise<StoredModel | undefined>;
  copy(name: string, files: readonly PickedFile[]): Promise<StoredModel | undefined>;
  /** What is stored of it is kept. */
  cancel(): void;
  dismissTransfer(): void;
  load(stored: StoredModel, dtype?: WeightForm): Promise<void>;
  /** Downloads what is missing, then loads; where the browser refuses to store, straight into memory. */
  fetchAndLoad(choice: HubChoice, dtype?: WeightForm): Promise<void>;
  remove(key: string): Promise<void>;
  /** Asks the browser not to clear what is stored when the disk runs short. */
  persist(): Promise<void>;
  say(text: string): void;
  /** That something went wrong. */
  sayError(text: string): void;
  dismissNotice(): void;
}

export type LibraryStore = StoreApi<LibraryState>;

export function createLibraryStore(api: LibraryApi, model: ModelStore, memory: Memory): LibraryStore {
  return createStore<LibraryState>()((set, get) => {
    const parts: Parts = { api, model, memory, set, get };
    return {
      hub: readHubSettings(memory),
      stored: undefined,
      space: undefined,
      look: undefined,
      transfer: undefined,
      problem: undefined,
      notice: undefined,
      say: (text) => set({ notice: { text, isError: false } }),
      sayError: (text) => set({ notice: { text, isError: true } }),
      dismissNotice: () => set({ notice: undefined }),
      ...hubActions(parts),
      ...shelfActions(parts),
      ...transferActions(parts),
      ...loadActions(parts),
    };
  });
}

interface Parts {
  readonly api: LibraryApi;
  readonly model: ModelStore;
  readonly memory: Memory;
  readonly set: (change: Partial<LibraryState>) => void;
  readonly get: () => LibraryState;
}

function hubActions({ api, memory, set, get }: Parts): Pick<LibraryState, 'setHub' | 'find'> {
  return {
    setHub(hub) {
      set({ hub });
      writeHubSettings(memory, hub);
    },
    async find(choice) {
      const looked = hubModel(get(), choice);
      set({ look: { state: 'looking', model: looked } });
      const show = (look: Look) => {
        if (get().look?.model === looked) set({ look });
      };
      try {
        show({ state: 'found', model: looked, listing: await api.look(looked) });
      } catch (thrown) {
        show({ state: 'failed', model: looked, error: toFailure(thrown) });
      }
    },
  };
}

function hubModel({ hub: { hubUrl, tokens } }: LibraryState, choice: HubChoice): HubModel {
  const url = choice.hubUrl ?? hubUrl;
  const accessToken = choice.accessToken ?? tokens[url];
  const { repo, revision } = choice;
  return { repo, revision, hubUrl: url, ...(accessToken !== undefined && { accessToken }) };
}

function shelfActions({ api, set, get }: Parts): Pick<LibraryState, 'refresh' | 'remove' | 'persist'> {
  return {
    async refresh() {
      try {
        const space = await api.space();
        set({ space, stored: space.available ? await api.list() : [] });
      } catch (thrown) {
        set({ problem: toFailure(thrown) });
      }
    },
    async remove(key) {
      set({ problem: undefined });
      try {
        await api.remove(key);
      } catch (thrown) {
        set({ problem: toFailure(thrown) });
      }
      const { transfer } = get();
      if (transfer?.state === 'done' && transfer.stored.key === key) set({ transfer: undefined });
      await get().refresh();
    },
    async persist() {
      await askToPersist();
      await get().refresh();
    },
  };
}

function transferActions({
  api,
  set,
  get,
}: Parts): Pick<LibraryState, 'download' | 'copy' | 'cancel' | 'dismissTransfer'> {
  let current: string | undefined;

  const run = async (
    about: Pick<Transfer, 'name' | 'model'>,
    job: (id: string, onProgress: OnProgress) => Promise<StoredModel>,
  ): Promise<StoredModel | undefined> => {
    const { transfer } = get();
    if (transfer?.state === 'running') {
      set({ problem: busyWith(transfer.name) });
      return undefined;
    }
    const id = nextTransfer();
    current = id;
    set({ transfer: { ...about, state: 'running', progress: undefined }, problem: undefined });
    void askToPersist();
    // Progress travels on its own channel and may come after the end.
    const onProgress: OnProgress = (progress) => {
      if (current === id) set({ transfer: { ...about, state: 'running', progress } });
    };
    try {
      const stored = await job(id, onProgress);
      set({ transfer: { ...about, state: 'done', stored } });
      return stored;
    } catch (thrown) {
      const error = toFailure(thrown);
      set({ transfer: error.code === 'cancelled' ? undefined : { ...about, state: 'failed', error } });
      return undefined;
    } finally {
      current = undefined;
      await get().refresh();
    }
  };

  return {
    download(choice) {
      const chosen = hubModel(get(), choice);
      set({ look: undefined });
      return run({ name: chosen.repo, model: chosen }, (id, onProgress) =>
        api.download(id, chosen, onProgress),
      );
    },
    copy: (name, files) =>
      run({ name, model: undefined }, (id, onProgress) => api.copy(id, name, files, onProgress)),
    cancel() {
      if (current !== undefined) void api.cancel(current);
    },
    dismissTransfer() {
      if (get().transfer?.state !== 'running') set({ transfer: undefined });
    },
  };
}

function loadActions({ api, model, set, get }: Parts): Pick<LibraryState, 'load' | 'fetchAndLoad'> {
  const straightIntoMemory = async (chosen: HubModel, dtype: WeightForm | undefined): Promise<void> => {
    const { commit, files, config } = await api.look(chosen);
    const request: LoadRequest = {
      source: { kind: 'hub', model: { ...chosen, revision: commit }, files },
      name: chosen.repo,
      ...dtypeOf(config, dtype),
    };
    await model.getState().load(request);
    const { request: last, status } = model.getState();
    if (last === request && status.state === 'ready') get().say(notKept(chosen.repo));
  };

  return {
    load: ({ key, name, config }, dtype) =>
      model.getState().load({ source: { kind: 'stored', key }, name, ...dtypeOf(config, dtype) }),

    async fetchAndLoad(choice, dtype) {
      const chosen = hubModel(get(), choice);
      if (get().space === undefined) await get().refresh();
      const stored = get().space?.available === false ? undefined : await get().download(chosen);
      if (stored) return get().load(stored, dtype);
      const { transfer, space } = get();
      const refused = transfer?.state === 'failed' && transfer.error.code === 'storage-refused';
      if (space?.available !== false && !refused) return;
      try {
        set({ transfer: undefined });
        await straightIntoMemory(chosen, dtype);
      } catch (thrown) {
        const error = toFailure(thrown);
        set({ transfer: { name: chosen.repo, model: chosen, state: 'failed', error } });
      }
    },
  };
}

const notKept = (name: string): string =>
  `“${name}” was read straight into memory, because this browser does not let the page store it. After a reload it has to ` +
  'be fetched again.';

let transfers = 0;
const nextTransfer = (): string => `transfer ${(transfers += 1)}`;

/** Of a stored model every byte is checked before it is used. */
export function verifyStored(api: LibraryApi, memory: Memory): Prepare {
  let current: string | undefined;

  const verify = async (key: string, show: Parameters<Prepare>[1]): Promise<void> => {
    const id = (current = nextTransfer());
    const token = tokenForKey(readHubSettings(memory), key);
    await api.verify(id, key, token, ({ step, doneBytes, totalBytes }) => {
      if (current !== id) return;
      if (step === 'waiting') show({ state: 'loading', step, loadedBytes: 0, totalBytes: 0 });
      else show({ state: 'loading', step: 'verifying', loadedBytes: doneBytes, totalBytes });
    });
    if (current === id) current = undefined;
  };

  return (source, show) => {
    if (current !== undefined) void api.cancel(current);
    current = undefined;
    return source.kind === 'stored' ? verify(source.key, show) : undefined;
  };
}

/** Only a page can ask; browsers decide by themselves or ask the visitor. */
async function askToPersist(): Promise<void> {
  const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
  await storage?.persist().catch(() => false);
}

const busyWith = (name: string): EngineFailure => ({
  code: 'busy',
  message: `${name} is still being downloaded. Wait for it to finish, or stop it first.`,
});
