import { beforeEach, describe, expect, it } from 'vitest';
import type { TransferProgress } from '../../library-protocol';
import { createStores, type Stores } from '../stores';
import { hubUrlFrom } from './hub-settings';
import { after, coded, deferred, MODEL, ScriptedWorker } from './scripted-engine.test-support';
import { ScriptedLibrary, storedModel } from './scripted-library.test-support';

const CHOICE = { repo: 'owner/name', revision: 'main' };
const STORED = storedModel('owner/name');
const PROGRESS: TransferProgress = {
  step: 'transferring',
  files: [],
  ...{ doneBytes: 10, totalBytes: 100, bytesPerSecond: 5, secondsLeft: 18 },
};

let kept: Map<string, string>;
let api: ScriptedLibrary;
let workers: ScriptedWorker[];
let stores: Stores;

function open(): Stores {
  const connect = () => {
    const worker = new ScriptedWorker();
    workers.push(worker);
    return worker;
  };
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  return createStores({ connect, storage, systemTheme: 'light', connectLibrary: () => api });
}

beforeEach(() => {
  kept = new Map();
  api = new ScriptedLibrary();
  workers = [];
  stores = open();
});

const library = () => stores.library.getState();
const model = () => stores.model.getState();
const becomeReady = (worker = workers.at(-1)!) => after(() => worker.loading.resolve(MODEL));

describe('a download', () => {
  it('tells its progress, then that it is stored, and lists what is', async () => {
    void library().download(CHOICE);
    expect(library().transfer).toMatchObject({ state: 'running', name: 'owner/name', progress: undefined });
    api.progress(PROGRESS);
    expect(library().transfer).toMatchObject({ progress: { doneBytes: 10 } });
    api.stored = [STORED];
    await after(() => api.transfer.resolve(STORED));
    expect(library()).toMatchObject({ transfer: { state: 'done', stored: STORED }, stored: [STORED] });
    // Progress has a channel of its own.
    api.progress(PROGRESS);
    expect(library().transfer?.state).toBe('done');
  });

  it('that failed says why; one that was stopped leaves nothing to say', async () => {
    void library().download(CHOICE);
    await after(() => api.transfer.reject(coded('hub-unreachable', 'No way there.')));
    expect(library().transfer).toMatchObject({ state: 'failed', error: { code: 'hub-unreachable' } });

    api.transfer = deferred();
    void library().download(CHOICE);
    library().cancel();
    expect(api.asked.at(-1)).toMatch(/^cancel transfer/);
    await after(() => api.transfer.reject(coded('cancelled', 'Stopped.')));
    expect(library().transfer).toBeUndefined();
  });

  it('goes on while a second one is refused in words', async () => {
    void library().download(CHOICE);
    expect(await library().download({ ...CHOICE, repo: 'other/name' })).toBeUndefined();
    expect(library()).toMatchObject({ problem: { code: 'busy' }, transfer: { name: 'owner/name' } });
    expect(api.asked.filter((asked) => asked.startsWith('download'))).toHaveLength(1);
  });
});

describe('fetchAndLoad', () => {
  it('downloads, verifies and loads in the form that is asked for', async () => {
    void library().fetchAndLoad(CHOICE, 'q4');
    await after(() => undefined);
    await after(() => api.transfer.resolve(STORED));
    expect(model()).toMatchObject({ status: { state: 'loading' }, request: { dtype: 'q4' } });
    expect(api.asked.at(-1)).toBe(`verify ${STORED.key}`);
    expect(model().request?.source).toEqual({ kind: 'stored', key: STORED.key });
  });

  it('asks no form of a model that is quantised itself, stored or read straight into memory', async () => {
    const config = JSON.stringify({ quantization: { group_size: 64, bits: 4 } });
    void library().load({ ...storedModel('owner/packed'), config }, 'q8');
    expect(model().request).not.toHaveProperty('dtype');
    api.available = false;
    api.config = config;
    await after(() => void library().fetchAndLoad({ repo: 'owner/packed', revision: 'main' }, 'q8'));
    expect(model().request).toMatchObject({ source: { kind: 'hub' } });
    expect(model().request).not.toHaveProperty('dtype');
  });

  it('reads straight into memory where storage is refused, at the commit, and says that it is not kept', async () => {
    api.available = false;
    void library().fetchAndLoad(CHOICE);
    await after(() => undefined);
    expect(api.asked).toEqual([]);
    expect(model().request?.source).toMatchObject({ kind: 'hub', model: { revision: 'c0ffee' } });
    await becomeReady();
    expect(library().notice?.text).toContain('straight into memory');
  });

  it('loads nothing where the download failed for another reason', async () => {
    void library().fetchAndLoad(CHOICE);
    await after(() => undefined);
    await after(() => api.transfer.reject(coded('storage-full', 'Full.')));
    expect(model().status.state).toBe('idle');
  });
});

describe('loading what is stored', () => {
  it('checks it first and shows how far, and only then asks the engine', async () => {
    void library().load(STORED);
    api.progress({ ...PROGRESS, step: 'verifying' });
    expect(model().status).toMatchObject({ step: 'verifying', loadedBytes: 10, totalBytes: 100 });
    await becomeReady();
    expect(model().status.state).toBe('loading');
    await after(() => api.verifying.resolve(STORED));
    expect(model().status.state).toBe('ready');
  });

  it('that is damaged for good fails with what is wrong with it', async () => {
    void library().load(STORED);
    await after(() => api.verifying.reject(coded('download-damaged', 'It is damaged.')));
    expect(model().status).toMatchObject({ state: 'failed', error: { code: 'download-damaged' } });
  });

  it('ends its check when another model is asked for, and does not come back', async () => {
    void library().load(STORED);
    void model().load({ source: { kind: 'site', baseUrl: 'https://example.org/' }, name: 'Demo model' });
    await becomeReady();
    expect(api.asked.at(-1)).toMatch(/^cancel/);
    await after(() => api.verifying.resolve(STORED));
    expect(model()).toMatchObject({ name: 'Demo model', status: { state: 'ready' } });
  });
});

describe('tokens', () => {
  it('are kept, and shown to the address that they are for and to no other', async () => {
    const tokens = { 'https://huggingface.co': 'hf_a' };
    library().setHub({ hubUrl: 'https://mirror.example', tokens });
    await library().find(CHOICE);
    await library().find({ ...CHOICE, hubUrl: 'https://huggingface.co' });
    expect(api.models.map(({ hubUrl, accessToken }) => [hubUrl, accessToken])).toEqual([
      ['https://mirror.example', undefined],
      ['https://huggingface.co', 'hf_a'],
    ]);
    stores = open();
    expect(library().hub.tokens).toEqual(tokens);
    void library().load(STORED);
    expect(api.asked.at(-1)).toBe(`verify ${STORED.key} hf_a`);
  });

  it.each([
    ['huggingface.co', 'https://huggingface.co'],
    [' http://127.0.0.1:8000/hub/ ', 'http://127.0.0.1:8000/hub'],
    ['https://user:secret@example.org', undefined],
    ['ftp://example.org', undefined],
    ['', undefined],
  ])('are for an address: %j is %s', (text, url) => {
    expect(hubUrlFrom(text)).toBe(url);
  });
});

describe('the last model', () => {
  const last = () => stores.lastModel.read();

  it('is a stored one that became ready, with its form, and survives a reload', async () => {
    stores.lastModel.follow();
    void library().load(STORED, 'q8');
    await after(() => api.verifying.resolve(STORED));
    expect(last()).toBeUndefined();
    await becomeReady();
    stores = open();
    expect(last()).toEqual({ where: { key: STORED.key }, name: 'owner/name', dtype: 'q8' });
  });

  it('is forgotten when the visitor chooses one that is not stored, not when the page falls back by itself', async () => {
    kept.set('fastkv.lastModel', JSON.stringify({ key: STORED.key, name: 'owner/name' }));
    const demo = { source: { kind: 'site', baseUrl: 'https://example.org/' }, name: 'Demo model' } as const;
    void model().load(demo);
    await becomeReady();
    expect(last()).toBeDefined();
    stores.lastModel.follow();
    void model().load(demo);
    await becomeReady();
    expect(last()).toBeUndefined();
  });
});

it('says of nothing stored what is not so: the list is read when the dialog opens', async () => {
  api.stored = [STORED];
  expect(library().stored).toBeUndefined();
  await after(() => stores.view.getState().open('models'));
  expect(library()).toMatchObject({ stored: [STORED], space: { quotaBytes: 1000 } });
  await library().remove(STORED.key);
  expect(library().stored).toEqual([]);
});
