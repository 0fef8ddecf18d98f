/** Models in the visitor's own files: what was dropped or picked, what is still missing, and where a model is found again. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { LibraryApi, PickedModel } from '../../library-protocol';
import type { EngineFailure, LoadRequest, ModelSource, PickedFile, WeightForm } from '../../protocol';
import { filesOf, mayRead, type Picking } from './device-files';
import { toFailure } from './engine';
import type { LibraryStore } from './library-store';
import { dtypeOf } from './load-options';
import type { ModelStore } from './model-store';
import type { Handles, RememberedModel, RememberedModels } from './remembered-models';

export interface DeviceState {
  /** What was dropped or picked last, whole or waiting for the rest. */
  readonly picked: PickedModel | undefined;
  /** They lead to all of it after a reload, one list for each picking; empty where the browser gives none. */
  readonly handles: Handles;
  readonly examining: boolean;
  readonly problem: EngineFailure | undefined;
  /** Undefined until it was looked. */
  readonly remembered: readonly RememberedModel[] | undefined;
  /** The model of the last visit, which the browser lets nobody read before a click. */
  readonly asking: RememberedModel | undefined;

  /**
   * Finds out what model these files are, or are the rest of. Where they are nothing of a model: false, and a problem
   * only if the visitor meant them as one.
   */
  take(picking: Picking, options: { readonly meant: boolean }): Promise<boolean>;
  /** The same with what a picker brings; nothing where the visitor thought better of it. */
  pick(picker: () => Promise<Picking | undefined>): Promise<void>;
  /** The picked model; `remember` keeps where it lies for the next visit. */
  load(options: { readonly dtype: WeightForm; readonly remember: boolean }): Promise<void>;
  /** Into private storage. */
  copy(): Promise<void>;
  dismiss(): void;

  refresh(): Promise<void>;
  /** Reads it where it lies, if the browser lets the page; `ask` has the visitor asked. False where that came to nothing. */
  reopen(model: RememberedModel, how: Partial<LoadRequest> & { readonly ask: boolean }): Promise<boolean>;
  /** The same for the model of the last visit: without permission it waits for a click. */
  reopenLast(id: string, how: Partial<LoadRequest>): Promise<boolean>;
  /** Leaves the model of the last visit alone for now. */
  leave(): void;
  forget(id: string): Promise<void>;
  /** Under which id the files of a load are remembered. */
  idOf(source: ModelSource): string | undefined;
}

export type DeviceStore = StoreApi<DeviceState>;

interface World {
  readonly api: Pick<LibraryApi, 'examine'>;
  readonly library: LibraryStore;
  readonly model: ModelStore;
  readonly memory: RememberedModels;
}

interface Parts extends World {
  readonly set: (change: Partial<DeviceState>) => void;
  readonly get: () => DeviceState;
  readonly ids: WeakMap<ModelSource, string>;
  /** What the visitor wants remembered once it has loaded. */
  readonly due: WeakMap<ModelSource, RememberedModel>;
}

export const createDeviceStore = (world: World): DeviceStore =>
  createStore<DeviceState>()((set, get) => {
    const ids = new WeakMap<ModelSource, string>();
    const parts: Parts = { ...world, set, get, ids, due: new WeakMap() };
    rememberWhatLoads(parts);
    return {
      picked: undefined,
      handles: [],
      examining: false,
      problem: undefined,
      remembered: undefined,
      asking: undefined,
      idOf: (source) => ids.get(source),
      ...pickActions(parts),
      ...loadActions(parts),
      ...memoryActions(parts),
    };
  });

function pickActions({ api, set, get }: Parts): Pick<DeviceState, 'take' | 'pick' | 'dismiss'> {
  let last: Promise<unknown> = Promise.resolve();

  const examine = async (picking: Picking, meant: boolean): Promise<boolean> => {
    const { picked: waiting, handles } = get();
    set({ examining: true, problem: undefined });
    try {
      const picked = await api.examine(picking.files, waiting);
      const own = picking.handles.length > 0 ? [picking.handles] : [];
      set({ picked, handles: picked.joined ? mayJoin(handles, own) : own });
      return true;
    } catch (thrown) {
      const problem = toFailure(thrown);
      const isNothing = problem.code === 'file-missing';
      if (meant || !isNothing) set({ problem });
      return !isNothing;
    } finally {
      set({ examining: false });
    }
  };

  return {
    // One after the other: the second may be what the first lacks.
    take(picking, { meant }) {
      const next = last.then(() => examine(picking, meant));
      last = next;
      return next;
    },
    async pick(picker) {
      try {
        const picking = await picker();
        if (picking) await get().take(picking, { meant: true });
      } catch (thrown) {
        set({ problem: toFailure(thrown) });
      }
    },
    dismiss: () => set({ picked: undefined, handles: [], problem: undefined }),
  };
}

/** A part that no handle leads to is not found again. */
const mayJoin = (before: Handles, added: Handles): Handles =>
  before.length > 0 && added.length > 0 ? [...before, ...added] : [];

const chosenFiles = ({ files, chosen }: PickedModel): readonly PickedFile[] =>
  files.filter(({ path }) => chosen.some((file) => file.path === path));

const mayLoad = (picked: PickedModel | undefined): picked is PickedModel =>
  picked !== undefined && picked.missing.length === 0 && picked.flaw === undefined;

/** Not before: what cannot be loaded would be offered again at every visit. Trying again, in another form too, counts. */
function rememberWhatLoads({ library, model, memory, get, ids, due }: Parts): void {
  const remember = async (source: ModelSource, row: RememberedModel): Promise<void> => {
    try {
      await memory.put(row);
    } catch {
      ids.delete(source);
      library.getState().say(notRemembered(row.name));
    }
    await get().refresh();
  };
  model.subscribe(({ status, request }) => {
    const row = status.state === 'ready' && request !== undefined ? due.get(request.source) : undefined;
    if (row === undefined) return;
    due.delete(request!.source);
    void remember(request!.source, row);
  });
}

function loadActions({ library, model, get, ids, due }: Parts): Pick<DeviceState, 'load' | 'copy'> {
  return {
    async load({ dtype, remember }) {
      const { picked, handles } = get();
      if (!mayLoad(picked)) return;
      const { name, totalBytes, config } = picked;
      const source: ModelSource = { kind: 'files', files: chosenFiles(picked) };
      if (remember && handles.length > 0) {
        const id = `${name} ${totalBytes}`;
        ids.set(source, id);
        due.set(source, { id, name, totalBytes, config, handles });
      }
      await model.getState().load({ source, name, ...dtypeOf(config, dtype) });
    },
    async copy() {
      const { picked } = get();
      if (!mayLoad(picked)) return;
      const stored = await library.getState().copy(picked.name, chosenFiles(picked));
      if (stored && get().picked === picked) get().dismiss();
    },
  };
}

function memoryActions({
  api,
  memory,
  set,
  get,
  ids,
  model: modelStore,
}: Parts): Pick<DeviceState, 'refresh' | 'reopen' | 'reopenLast' | 'leave' | 'forget'> {
  return {
    async refresh() {
      set({ remembered: await memory.list().catch(() => []) });
    },
    async reopen(model, { ask, dtype, ...how }) {
      const { handles, name } = model;
      set({ problem: undefined, asking: undefined });
      try {
        if (!(await mayRead(handles.flat(), ask))) throw notAllowed(name);
        const picked = await examineAgain(api, handles);
        set({ picked, handles });
        if (!mayLoad(picked)) return false;
        const source: ModelSource = { kind: 'files', files: chosenFiles(picked) };
        ids.set(source, model.id);
        await modelStore.getState().load({ ...how, source, name, ...dtypeOf(picked.config, dtype) });
        return true;
      } catch (thrown) {
        set({ problem: isGone(thrown) ? gone(name) : toFailure(thrown) });
        return false;
      }
    },
    async reopenLast(id, how) {
      await get().refresh();
      const model = get().remembered?.find((known) => known.id === id);
      if (model === undefined) return false;
      if (await mayRead(model.handles.flat(), false)) return get().reopen(model, { ...how, ask: false });
      set({ asking: model });
      return false;
    },
    leave: () => set({ asking: undefined }),
    async forget(id) {
      await memory.remove(id).catch(() => undefined);
      if (get().asking?.id === id) set({ asking: undefined });
      await get().refresh();
    },
  };
}

/** Picking by picking, as they came: all at once, two parts that have each a config.json would be two models. */
async function examineAgain(api: World['api'], handles: Handles): Promise<PickedModel | undefined> {
  let picked: PickedModel | undefined;
  for (const picking of handles) {
    const found = await api.examine(await filesOf(picking), picked);
    // The first may have become whole on disk since then, and a whole model is joined by no other.
    if (picked === undefined || found.joined) picked = found;
  }
  return picked;
}

const isGone = (thrown: unknown): boolean =>
  thrown instanceof DOMException && thrown.name === 'NotFoundError';

const gone = (name: string): EngineFailure => ({
  code: 'file-missing',
  message: `“${name}” is no longer where it was: it was moved, renamed or deleted. Choose it again, or forget it.`,
});

const notAllowed = (name: string): Error =>
  Object.assign(
    new Error(
      `The page was not allowed to read “${name}”. Try again and allow it, or choose its folder again.`,
    ),
    { code: 'file-unreadable' },
  );

const notRemembered = (name: string): string =>
  `This browser does not let the page remember where “${name}” is. After a reload it has to be chosen again.`;
