import { beforeEach, describe, expect, it } from 'vitest';
import type { PickedModel } from '../../library-protocol';
import type { PickedFile } from '../../protocol';
import type { Picking } from './device-files';
import { createDeviceStore } from './device-store';
import { createLastModel } from './last-model';
import { createLibraryStore } from './library-store';
import { createModelStore } from './model-store';
import type { RememberedModel, RememberedModels } from './remembered-models';
import { after, deferred, MODEL, ScriptedWorker } from './scripted-engine.test-support';
import { ScriptedLibrary, storedModel } from './scripted-library.test-support';

const file = (path: string): PickedFile => ({ path, file: new File([path], path) });
const CONFIG = file('config.json');
const WEIGHTS = file('model.safetensors');

const pickedModel = (change: Partial<PickedModel> = {}): PickedModel => ({
  name: 'mine',
  files: [CONFIG, WEIGHTS, file('notes.json')],
  chosen: [CONFIG, WEIGHTS].map(({ path }) => ({ path, size: 8 })),
  totalBytes: 16,
  missing: [],
  flaw: undefined,
  config: '{}',
  joined: false,
  ...change,
});
const waiting = pickedModel({ missing: [{ path: 'tokenizer.json', note: undefined }] });

/** A handle of a file, as Chromium's with or without leave to read it. */
function handleOf(
  { path, file: content }: PickedFile,
  leave: { query: PermissionState; request?: PermissionState },
) {
  const handle = {
    kind: 'file',
    name: path,
    getFile: async () => content,
    queryPermission: async () => leave.query,
    requestPermission: async () => leave.request ?? leave.query,
  };
  return handle as unknown as FileSystemFileHandle;
}
const HANDLE = handleOf(CONFIG, { query: 'granted' });
const picking = (handles: readonly FileSystemHandle[] = []): Picking => ({ files: [CONFIG], handles });

function page() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
  };
  const rows: RememberedModel[] = [];
  const memory: RememberedModels = {
    list: async () => [...rows],
    put: async (row) => void rows.push(row),
    remove: async (id) =>
      void rows.splice(
        rows.findIndex((row) => row.id === id),
        1,
      ),
  };
  const api = new ScriptedLibrary();
  const worker = new ScriptedWorker();
  const model = createModelStore(() => worker);
  const library = createLibraryStore(api, model, storage);
  const device = createDeviceStore({ api, library, model, memory });
  const lastModel = createLastModel(model, storage, device.getState().idOf);
  return { api, worker, model, library, device, memory, rows, lastModel };
}

let at: ReturnType<typeof page>;
beforeEach(() => (at = page()));

const take = (found: PickedModel, handles?: readonly FileSystemHandle[]) => {
  at.api.examining = deferred();
  at.api.examining.resolve(found);
  return at.device.getState().take(picking(handles), { meant: true });
};
const refuse = (code: string, meant: boolean) => {
  at.api.examining = deferred();
  at.api.examining.reject(Object.assign(new Error('No.'), { code }));
  return at.device.getState().take(picking(), { meant });
};

describe('what was picked', () => {
  it('is loaded as the files that are read of it, in the chosen form, and only when it is whole', async () => {
    await take(waiting);
    await at.device.getState().load({ dtype: 'q8', remember: false });
    expect(at.model.getState().request).toBeUndefined();
    await take(pickedModel());
    void at.device.getState().load({ dtype: 'q8', remember: false });
    expect(at.model.getState().request).toEqual({
      source: { kind: 'files', files: [CONFIG, WEIGHTS] },
      name: 'mine',
      dtype: 'q8',
    });
    await take(pickedModel({ config: '{"quantization":{"bits":4}}' }));
    void at.device.getState().load({ dtype: 'q8', remember: false });
    expect(at.model.getState().request).not.toHaveProperty('dtype');
  });

  it('is neither loaded nor copied with a flaw', async () => {
    const flaw = { code: 'safetensors-invalid', message: 'It is cut short.' } as const;
    await take(pickedModel({ flaw }));
    void at.device.getState().load({ dtype: 'q8', remember: false });
    void at.device.getState().copy();
    expect(at.model.getState().request).toBeUndefined();
    expect(at.library.getState().transfer).toBeUndefined();
  });

  it('keeps what waits when something else is refused, and says why', async () => {
    await take(waiting);
    expect(await refuse('dtype-unsupported', false)).toBe(true);
    expect(at.device.getState()).toMatchObject({ picked: waiting, problem: { code: 'dtype-unsupported' } });
    await take(pickedModel());
    expect(at.device.getState().problem).toBeUndefined();
  });

  it('is a problem where it is nothing of a model, only if it was meant as one', async () => {
    expect(await refuse('file-missing', false)).toBe(false);
    expect(at.device.getState().problem).toBeUndefined();
    expect(await refuse('file-missing', true)).toBe(false);
    expect(at.device.getState().problem).toMatchObject({ code: 'file-missing' });
  });

  it('is examined with what waits, one drop after the other', async () => {
    const asked: (PickedModel | undefined)[] = [];
    const first = deferred<PickedModel>();
    at.api.examine = (_, before) => {
      asked.push(before);
      return asked.length === 1 ? first.promise : Promise.resolve(pickedModel());
    };
    const { take: takeNow } = at.device.getState();
    const both = [takeNow(picking(), { meant: true }), takeNow(picking(), { meant: true })];
    await after(() => first.resolve(waiting));
    await Promise.all(both);
    expect(asked).toEqual([undefined, waiting]);
  });

  it('is gone from the dialog once it is copied', async () => {
    await take(pickedModel());
    const copied = at.device.getState().copy();
    await after(() => at.api.transfer.resolve(storedModel('mine')));
    await copied;
    expect(at.device.getState().picked).toBeUndefined();
  });
});

describe('handles', () => {
  it('are kept only where they lead to every part', async () => {
    const other = handleOf(WEIGHTS, { query: 'granted' });
    await take(waiting, [HANDLE]);
    await take(pickedModel({ joined: true }), [other]);
    expect(at.device.getState().handles).toEqual([[HANDLE], [other]]);
    await take(pickedModel({ joined: true }), []);
    expect(at.device.getState().handles).toEqual([]);
    await take(pickedModel({ joined: true }), [other]);
    expect(at.device.getState().handles).toEqual([]);
    await take(pickedModel(), [other]);
    expect(at.device.getState().handles).toEqual([[other]]);
  });

  it('are remembered with the load that asks for it, which the next visit begins with', async () => {
    at.lastModel.follow();
    await take(pickedModel(), [HANDLE]);
    const loaded = at.device.getState().load({ dtype: 'f16', remember: true });
    await after(() => undefined);
    expect(at.rows, 'it may fail yet').toEqual([]);
    await after(() => at.worker.loading.resolve(MODEL));
    await loaded;
    expect(at.rows).toEqual([
      { id: 'mine 16', name: 'mine', totalBytes: 16, config: '{}', handles: [[HANDLE]] },
    ]);
    expect(at.lastModel.read()).toEqual({ where: { rememberedId: 'mine 16' }, name: 'mine', dtype: 'f16' });
  });

  it('are not remembered with a load that fails, but with the one that then succeeds', async () => {
    at.lastModel.follow();
    await take(pickedModel(), [HANDLE]);
    const loaded = at.device.getState().load({ dtype: 'f16', remember: true });
    await after(() => at.worker.loading.reject(new Error('No.')));
    await loaded;
    expect(at.rows).toEqual([]);
    expect(at.lastModel.read()).toBeUndefined();
    at.worker.loading = deferred();
    void at.model.getState().reload({ dtype: 'q4' });
    await after(() => at.worker.loading.resolve(MODEL));
    expect(at.rows).toMatchObject([{ id: 'mine 16' }]);
    expect(at.device.getState().remembered).toEqual(at.rows);
    expect(at.lastModel.read()).toMatchObject({ where: { rememberedId: 'mine 16' }, dtype: 'q4' });
  });

  it('are not remembered without being asked for, and the next visit begins with the demo', async () => {
    at.lastModel.follow();
    await take(pickedModel(), [HANDLE]);
    const loaded = at.device.getState().load({ dtype: 'f16', remember: false });
    await after(() => at.worker.loading.resolve(MODEL));
    await loaded;
    expect(at.rows).toEqual([]);
    expect(at.lastModel.read()).toBeUndefined();
  });

  it('that the browser refuses to keep are said not to be kept, and the model is loaded all the same', async () => {
    at.memory.put = () => Promise.reject(new Error('denied'));
    await take(pickedModel(), [HANDLE]);
    void at.device.getState().load({ dtype: 'f16', remember: true });
    await after(() => at.worker.loading.resolve(MODEL));
    expect(at.library.getState().notice?.text).toContain('has to be chosen again');
    expect(at.model.getState().status.state).toBe('ready');
  });
});

describe('a model of an earlier visit', () => {
  const remembered = (leave: Parameters<typeof handleOf>[1]): RememberedModel => ({
    id: 'mine 16',
    name: 'mine',
    totalBytes: 16,
    config: '{}',
    handles: [[handleOf(CONFIG, leave)]],
  });

  it('is read where the browser lets the page, and remembered still', async () => {
    at.rows.push(remembered({ query: 'granted' }));
    at.api.examining.resolve(pickedModel());
    at.lastModel.follow();
    const opened = at.device.getState().reopenLast('mine 16', { dtype: 'q4' });
    await after(() => at.worker.loading.resolve(MODEL));
    expect(await opened).toBe(true);
    expect(at.model.getState().request).toMatchObject({ name: 'mine', dtype: 'q4' });
    expect(at.lastModel.read()?.where).toEqual({ rememberedId: 'mine 16' });
  });

  it('is put together again picking by picking, as it came', async () => {
    const again = handleOf(CONFIG, { query: 'granted' });
    const weights = handleOf(WEIGHTS, { query: 'granted' });
    const asked: [string[], PickedModel | undefined][] = [];
    at.api.examine = async (files, before) => {
      asked.push([files.map(({ path }) => path), before]);
      return before ? pickedModel({ joined: true }) : waiting;
    };
    const model = { ...remembered({ query: 'granted' }), handles: [[HANDLE], [again, weights]] };
    void at.device.getState().reopen(model, { ask: false });
    await after(() => undefined);
    expect(asked).toEqual([
      [['config.json'], undefined],
      [['config.json', 'model.safetensors'], waiting],
    ]);
    expect(at.model.getState().request?.name).toBe('mine');
  });

  it('stays whole where its first part has become so on disk', async () => {
    at.api.examine = async (_, before) => (before ? waiting : pickedModel());
    const model = { ...remembered({ query: 'granted' }), handles: [[HANDLE], [HANDLE]] };
    void at.device.getState().reopen(model, { ask: false });
    await after(() => undefined);
    expect(at.device.getState().picked?.missing).toEqual([]);
  });

  it('waits for a click where the browser wants one, asks then, and says when it is refused', async () => {
    const model = remembered({ query: 'prompt', request: 'denied' });
    at.rows.push(model);
    expect(await at.device.getState().reopenLast('mine 16', {})).toBe(false);
    expect(at.device.getState()).toMatchObject({ asking: model, problem: undefined });
    expect(await at.device.getState().reopen(model, { ask: true })).toBe(false);
    expect(at.device.getState()).toMatchObject({ asking: undefined, problem: { code: 'file-unreadable' } });
    expect(at.model.getState().request).toBeUndefined();
  });

  it('is said to be gone where it was moved, and to lack what it lacks or to be spoilt', async () => {
    const model = remembered({ query: 'granted' });
    const [[handle]] = model.handles as [[FileSystemFileHandle]];
    handle.getFile = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
    expect(await at.device.getState().reopen(model, { ask: true })).toBe(false);
    expect(at.device.getState().problem).toMatchObject({
      code: 'file-missing',
      message: expect.stringContaining('no longer where it was'),
    });
    handle.getFile = async () => CONFIG.file;
    const spoilt = pickedModel({ flaw: { code: 'safetensors-invalid', message: 'It is cut short.' } });
    for (const found of [waiting, spoilt]) {
      at.api.examining = deferred();
      at.api.examining.resolve(found);
      expect(await at.device.getState().reopen(model, { ask: true })).toBe(false);
      expect(at.device.getState()).toMatchObject({ picked: found, problem: undefined });
    }
    expect(at.model.getState().request).toBeUndefined();
  });

  it('is forgotten for good', async () => {
    at.rows.push(remembered({ query: 'prompt' }));
    await at.device.getState().reopenLast('mine 16', {});
    await at.device.getState().forget('mine 16');
    expect(at.device.getState()).toMatchObject({ remembered: [], asking: undefined });
    expect(await at.device.getState().reopenLast('mine 16', {})).toBe(false);
  });
});
