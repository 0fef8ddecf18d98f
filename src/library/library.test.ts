import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startHub, type HubServer } from '../../e2e/hub-server';
import {
  encodeJson,
  filesOf,
  picked,
  sharded,
  without,
  writeSafetensors,
  type Files,
} from '../engine/weights/files.test-support';
import { FIRST_FOLDER } from '../engine/models/fixtures.test-support';
import type { TransferProgress } from '../library-protocol';
import { CHUNK } from './hashing';
import { memoryShelf, tabsOn, type MemoryShelf } from './memory-shelf.test-support';

const WEIGHTS = 'model.safetensors';
const checkpoint = filesOf(FIRST_FOLDER);
/** Weights of two whole chunks and a bit. */
const data = new Uint8Array(2 * CHUNK + 1234).map((_, i) => (i * 31) >> 5);
const large: Files = {
  ...checkpoint,
  [WEIGHTS]: writeSafetensors([{ name: 'all', dtype: 'U8', shape: [data.length], data }]),
};

let hub: HubServer;
let shelf: MemoryShelf;
let tab: ReturnType<typeof tabsOn>;

beforeEach(async () => {
  hub = await startHub({
    'fastkv/demo': checkpoint,
    'fastkv/large': large,
    'fastkv/shards': {
      ...sharded(checkpoint, 3),
      'original/model.safetensors': checkpoint[WEIGHTS]!,
      'README.md': checkpoint['config.json']!,
    },
    'fastkv/gguf': { 'config.json': checkpoint['config.json']!, 'demo-Q4_K_M.gguf': checkpoint[WEIGHTS]! },
  });
  shelf = memoryShelf();
  tab = tabsOn(shelf);
});
afterEach(() => hub.close());

const modelOf = (name: string, more: object = {}) => ({
  repo: `fastkv/${name}`,
  revision: 'main',
  hubUrl: hub.url,
  ...more,
});
const keyOf = (name: string) => `${hub.url}/fastkv/${name}@main`;
const stored = (name: string, path: string) => shelf.files.get(`${keyOf(name)} ${path}`)!;
const ignore = () => undefined;
/** toEqual takes minutes for millions of elements. */
const expectSame = (found: Uint8Array | undefined, wanted: Uint8Array | undefined, what = '') =>
  expect(found !== undefined && wanted !== undefined && Buffer.compare(found, wanted), what).toBe(0);
const bytesAsked = (path = WEIGHTS) =>
  hub.asked.filter((asked) => asked.host === 'bytes' && asked.path.endsWith(path));

describe('download', () => {
  it('stores what the engine reads and nothing else, verified, and lists it', async () => {
    const model = await tab().download('t', modelOf('shards'), ignore);
    expect(model).toMatchObject({ key: keyOf('shards'), name: 'fastkv/shards', complete: true });
    const paths = model.files.map(({ path }) => path);
    expect(paths).toContain('model-00003-of-00003.safetensors');
    expect(paths).not.toContain('README.md');
    expect(paths).not.toContain('original/model.safetensors');
    for (const path of paths) expectSame(stored('shards', path), sharded(checkpoint, 3)[path], path);
    expect(await tab().list()).toEqual([model]);
    expect(JSON.parse(model.config!)).toMatchObject({ model_type: 'llama' });
  });

  it('goes on at the byte where a connection was cut, by itself', async () => {
    hub.faults.cut = { after: 9_000_000, times: 1 };
    const model = await tab().download('t', modelOf('large'), ignore);
    expect(model.complete).toBe(true);
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
    const last = large[WEIGHTS]!.length - 1;
    expect(bytesAsked().map(({ range }) => range)).toEqual([undefined, `bytes=9000000-${last}`]);
  });

  it('gives up when no byte comes any more, keeps what came, and goes on there later, in another tab', async () => {
    const status = { code: 503, path: WEIGHTS, times: 0 };
    hub.faults.status = status;
    hub.faults.cut = { after: 9_000_000, times: 1, onCut: () => (status.times = 100) };
    const failing = tab().download('t', modelOf('large'), ignore);
    await expect(failing).rejects.toMatchObject({ code: 'hub-unreachable' });
    const [part] = await tab().list();
    expect(part).toMatchObject({ complete: false });
    expect(part!.files.find(({ path }) => path === WEIGHTS)!.storedBytes).toBe(9_000_000);

    status.times = 0;
    const told: TransferProgress[] = [];
    await tab().download('t', modelOf('large'), (progress) => told.push(progress));
    expect(bytesAsked().at(-1)!.range).toMatch(/^bytes=9000000-/);
    // What is there is read again first, and nobody is told that it was fetched.
    expect([...new Set(told.map(({ step }) => step))]).toEqual(['listing', 'verifying', 'transferring']);
    const fetching = told.find(({ step }) => step === 'transferring');
    expect(fetching).toMatchObject({ bytesPerSecond: 0 });
    expect(fetching!.doneBytes).toBeGreaterThan(9_000_000);
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
  });

  it('goes on at the byte on disk, whatever the manifest said when the tab died', async () => {
    hub.faults.slow = 3;
    const library = tab();
    const dying = library.download('t', modelOf('large'), ({ doneBytes }) => {
      if (doneBytes > 2_000_000) void library.cancel('t');
    });
    await expect(dying).rejects.toMatchObject({ code: 'cancelled' });
    hub.faults.slow = 0;
    const onDisk = stored('large', WEIGHTS).length;
    expect(onDisk).toBeGreaterThan(1_000_000);
    const manifest = JSON.parse(shelf.manifestTexts.get(keyOf('large'))!);
    for (const file of manifest.files) file.storedBytes = file.path === WEIGHTS ? 5 : file.storedBytes;
    shelf.manifestTexts.set(keyOf('large'), JSON.stringify(manifest));
    await tab().download('t', modelOf('large'), ignore);
    expect(bytesAsked().at(-1)!.range).toMatch(new RegExp(`^bytes=${onDisk}-`));
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
  });

  it('takes from a server without ranges only what it lacks', async () => {
    hub.faults.noRanges = true;
    hub.faults.cut = { after: 9_000_000, times: 1 };
    await tab().download('t', modelOf('large'), ignore);
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
    expect(bytesAsked()).toHaveLength(2);
  });

  it('begins a file anew whose etag changed while its connection was cut', async () => {
    const other = { ...large, [WEIGHTS]: large[WEIGHTS]!.map((byte) => byte ^ 255) };
    hub.faults.cut = { after: 9_000_000, times: 1, onCut: () => hub.replace('fastkv/large', other) };
    const download = tab().download('t', modelOf('large'), ignore);
    // The listing still promises the old file, which is nowhere to be had.
    await expect(download).rejects.toMatchObject({ code: 'download-damaged' });
    const ranges = bytesAsked().map(({ range }) => range);
    expect(ranges.slice(0, 3)).toEqual([undefined, expect.stringMatching(/^bytes=9000000/), undefined]);

    await tab().download('t', modelOf('large'), ignore);
    expectSame(stored('large', WEIGHTS), other[WEIGHTS]);
  });

  it('fetches a file once more that came damaged, and refuses it when it comes so again', async () => {
    hub.faults.corrupt = { times: 1 };
    expect((await tab().download('t', modelOf('demo'), ignore)).complete).toBe(true);
    expectSame(stored('demo', WEIGHTS), checkpoint[WEIGHTS]);
    await tab().remove(keyOf('demo'));

    hub.faults.corrupt.times = 2;
    const download = tab().download('t', modelOf('demo'), ignore);
    await expect(download).rejects.toMatchObject({ code: 'download-damaged' });
    expect((await tab().list())[0]!.complete).toBe(false);
  });

  it('fetches of a newer commit only what changed, and drops what is gone', async () => {
    await tab().download('t', modelOf('demo'), ignore);
    const config = encodeJson({
      ...JSON.parse(new TextDecoder().decode(checkpoint['config.json'])),
      note: 'new',
    });
    hub.commit('fastkv/demo', { ...without(checkpoint, 'fastkv.json'), 'config.json': config });
    hub.asked.length = 0;
    const model = await tab().download('t', modelOf('demo'), ignore);
    expect(model.complete).toBe(true);
    expect(model.config).toContain('"note":"new"');
    expect(
      hub.asked.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path.split('/').at(-1)),
    ).toEqual(['config.json']);
    expect([...shelf.files.keys()].some((name) => name.endsWith('fastkv.json'))).toBe(false);
  });

  it('lets one tab fetch while the other waits, says so, and asks for nothing twice', async () => {
    hub.faults.slow = 1;
    const steps: TransferProgress['step'][] = [];
    const downloads = [tab(), tab()].map((library) =>
      library.download('t', modelOf('demo'), ({ step }) => steps.push(step)),
    );
    for (const model of await Promise.all(downloads)) expect(model.complete).toBe(true);
    expect(steps.filter((step) => step === 'waiting')).toHaveLength(1);
    expect(bytesAsked()).toHaveLength(1);
  });

  it('asks beforehand whether there is room, and says what is needed and what is free', async () => {
    shelf.room = 2 ** 20;
    await expect(tab().download('t', modelOf('demo'), ignore)).rejects.toMatchObject({
      code: 'storage-full',
      message: expect.stringMatching(/takes 3 MiB.* about 1 MiB left/),
    });
    expect(bytesAsked()).toEqual([]);
    // To be resumed once there is room.
    expect(await tab().list()).toMatchObject([{ storedBytes: 0, complete: false }]);
  });

  it('keeps what is stored when the disk fills up on the way, and goes on when there is room', async () => {
    shelf.quota = 9_000_000;
    const download = tab().download('t', modelOf('large'), ignore);
    await expect(download).rejects.toMatchObject({ code: 'storage-full' });
    const kept = stored('large', WEIGHTS).length;
    expect(kept).toBeGreaterThan(8_000_000);
    shelf.quota = Infinity;
    await tab().download('t', modelOf('large'), ignore);
    expect(bytesAsked().at(-1)!.range).toMatch(new RegExp(`^bytes=${kept}-`));
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
  });

  it('tells bytes, speed and time left, ever more bytes, each file its own', async () => {
    hub.faults.slow = 20;
    const told: TransferProgress[] = [];
    const model = await tab().download('t', modelOf('demo'), (progress) => told.push(progress));
    const moving = told.filter(({ step }) => step === 'transferring');
    expect(moving.length).toBeGreaterThan(3);
    const done = moving.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    for (const { files, doneBytes, totalBytes } of moving) {
      expect(files.reduce((sum, { storedBytes }) => sum + storedBytes, 0)).toBe(doneBytes);
      expect(totalBytes).toBe(model.totalBytes);
    }
    expect(moving.at(-2)!.bytesPerSecond).toBeGreaterThan(0);
    expect(moving.at(-2)!.secondsLeft).toBeGreaterThan(0);
    expect(moving.at(-2)!.secondsLeft).toBeLessThan(10);
  });
});

describe('what the Hub refuses', () => {
  it.each([
    [
      'a model that is not there or not for everybody',
      'nothing',
      {},
      'hub-refused',
      /does not exist, is private/,
    ],
    ['a revision that is not there', 'demo', { revision: 'v9' }, 'file-missing', /fastkv\/demo@v9/],
    ['weights in another format', 'gguf', {}, 'dtype-unsupported', /GGUF/],
    [
      'a host that nobody answers at',
      'demo',
      { hubUrl: 'http://127.0.0.1:9' },
      'hub-unreachable',
      /stored here work/,
    ],
  ])('%s is named', async (_, name, more, code, message) => {
    await expect(tab().look(modelOf(name, more))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(bytesAsked()).toEqual([]);
  });

  it('a token opens what is closed, and goes to the Hub alone, not to the host of the bytes', async () => {
    hub.faults.token = 'any-form-of-token';
    await expect(tab().look(modelOf('demo'))).rejects.toMatchObject({ code: 'hub-refused' });
    const wrong = modelOf('demo', { accessToken: 'wrong' });
    await expect(tab().look(wrong)).rejects.toMatchObject({
      message: expect.stringContaining('this access token'),
    });
    await tab().download('t', modelOf('demo', { accessToken: 'any-form-of-token' }), ignore);
    expect(bytesAsked().map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(JSON.stringify([...shelf.manifestTexts.values()])).not.toContain('any-form-of-token');
  });

  it('a busy server is asked again after the pause that it wants', async () => {
    const pauses: number[] = [];
    hub.faults.status = { code: 429, path: WEIGHTS, times: 2 };
    const patient = tabsOn(shelf, { pause: async (ms) => void pauses.push(ms) })();
    await patient.download('t', modelOf('demo'), ignore);
    expect(pauses).toEqual([500, 1000]);
  });

  it('looking tells sizes, what is stored of it, and config.json', async () => {
    const before = await tab().look(modelOf('demo'));
    expect(before).toMatchObject({
      storedBytes: 0,
      config: new TextDecoder().decode(checkpoint['config.json']),
    });
    await tab().download('t', modelOf('demo'), ignore);
    const after = await tab().look(modelOf('demo'));
    expect(after.storedBytes).toBe(before.totalBytes);
  });
});

describe('verify', () => {
  const spoil = (name: string, path: string, at: number) => (stored(name, path)[at]! ^= 1);

  it('fetches a damaged chunk again, that chunk alone', async () => {
    await tab().download('t', modelOf('large'), ignore);
    spoil('large', WEIGHTS, CHUNK + 77);
    hub.asked.length = 0;
    expect(await tab().verify('t', keyOf('large'), undefined, ignore)).toMatchObject({ complete: true });
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
    expect(bytesAsked().map(({ range }) => range)).toEqual([`bytes=${CHUNK}-${2 * CHUNK - 1}`]);
  });

  it('heals what was cut off, even at a chunk’s border', async () => {
    await tab().download('t', modelOf('large'), ignore);
    shelf.files.set(`${keyOf('large')} ${WEIGHTS}`, stored('large', WEIGHTS).slice(0, CHUNK));
    await tab().verify('t', keyOf('large'), undefined, ignore);
    expectSame(stored('large', WEIGHTS), large[WEIGHTS]);
  });

  it('heals what was cut off, though nothing but zeros was', async () => {
    const zeros = new Uint8Array(CHUNK + 100);
    hub.commit('fastkv/large', { ...large, [WEIGHTS]: zeros });
    await tab().download('t', modelOf('large'), ignore);
    shelf.files.set(`${keyOf('large')} ${WEIGHTS}`, zeros.slice(50));
    await tab().verify('t', keyOf('large'), undefined, ignore);
    expectSame(stored('large', WEIGHTS), zeros);
  });

  it('needs no network for what is whole', async () => {
    await tab().download('t', modelOf('large'), ignore);
    const offline = tabsOn(shelf, { fetch: () => Promise.reject(new TypeError('offline')) })();
    const seen: number[] = [];
    await offline.verify('t', keyOf('large'), undefined, ({ doneBytes }) => seen.push(doneBytes));
    expect(seen.at(0)).toBe(0);
  });

  it('says of damage that it cannot fetch again which file it is in', async () => {
    await tab().download('t', modelOf('demo'), ignore);
    spoil('demo', WEIGHTS, 5000);
    const offline = tabsOn(shelf, { fetch: () => Promise.reject(new TypeError('offline')) })();
    await expect(offline.verify('t', keyOf('demo'), undefined, ignore)).rejects.toMatchObject({
      code: 'hub-unreachable',
      message: expect.stringMatching(/model\.safetensors of fastkv\/demo is damaged/),
    });
    hub.replace('fastkv/demo', { ...checkpoint, [WEIGHTS]: large[WEIGHTS]! });
    await expect(tab().verify('t', keyOf('demo'), undefined, ignore)).rejects.toMatchObject({
      code: 'download-damaged',
    });
  });

  it('takes neither a part nor what is not there for a model', async () => {
    await expect(tab().verify('t', 'nothing', undefined, ignore)).rejects.toMatchObject({
      code: 'file-missing',
    });
    hub.faults.corrupt = { times: 2 };
    await tab().download('t', modelOf('demo'), ignore).catch(ignore);
    await expect(tab().verify('t', keyOf('demo'), undefined, ignore)).rejects.toMatchObject({
      message: expect.stringContaining('Only a part of'),
    });
  });
});

describe('copy', () => {
  it('stores dropped files, wherever their folder was, and finds damage that nobody can heal', async () => {
    const model = await tab().copy(
      't',
      'my model',
      picked({ ...large, 'notes.txt': checkpoint['config.json']! }, 'a/b/'),
      ignore,
    );
    expect(model).toMatchObject({ name: 'my model', complete: true, origin: { kind: 'copy' } });
    expect(model.files.map(({ path }) => path)).not.toContain('notes.txt');
    const weights = shelf.files.get(`${model.key} ${WEIGHTS}`)!;
    expectSame(weights, large[WEIGHTS]);
    await tab().verify('t', model.key, undefined, ignore);
    weights[3]! ^= 1;
    await expect(tab().verify('t', model.key, undefined, ignore)).rejects.toMatchObject({
      code: 'download-damaged',
    });
  });

  it('goes on where a copy of the same files was stopped', async () => {
    const library = tab();
    const files = picked(large, '');
    const { file } = files.find(({ path }) => path === WEIGHTS)!;
    const slice = file.slice.bind(file);
    file.slice = (from = 0, to) => {
      if (from > 4_000_000) void library.cancel('t');
      return slice(from, to);
    };
    const stopped = library.copy('t', 'm', files, ignore);
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    file.slice = slice;
    const seen: number[] = [];
    await library.copy(
      't',
      'm',
      files,
      ({ step, doneBytes }) => step === 'transferring' && seen.push(doneBytes),
    );
    expect(seen[0]).toBeGreaterThan(4_000_000);
    expect(await library.list()).toHaveLength(1);
  });

  it('refuses a folder of several models', async () => {
    const both = [...picked(checkpoint, 'a/'), ...picked(checkpoint, 'b/')];
    await expect(tab().copy('t', 'm', both, ignore)).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

it('a model that is being fetched is not deleted under its hands, and later is, whole', async () => {
  hub.faults.slow = 2;
  let tried: Promise<void> | undefined;
  await tab()
    .download('t', modelOf('demo'), ({ step }) => {
      if (step !== 'transferring' || tried) return;
      tried = tab().remove(keyOf('demo'));
      tried.catch(ignore);
    })
    .catch(ignore);
  await expect(tried).rejects.toMatchObject({ code: 'busy' });
  await tab().remove(keyOf('demo'));
  expect([...shelf.files.keys()]).toEqual([]);
  expect(await tab().list()).toEqual([]);
});

it('says whether storage can be used at all', async () => {
  const refusing = { ...shelf, manifests: () => Promise.reject(new Error('denied')) };
  expect((await tabsOn(refusing)().space()).available).toBe(false);
  expect(await tab().space()).toEqual({
    available: true,
    usageBytes: 0,
    quotaBytes: 2 ** 40,
    persisted: false,
  });
});
