import { expect, it } from 'vitest';
import { createKvStore, isChanged, listPolicies, settingsFor } from './kv-store';
import { after, KV, MODEL, POLICIES, readyStores } from './scripted-engine.test-support';

const OTHER = { ...MODEL, name: 'Another model', layers: 8, kv: { ...KV, tspLayer: 3 } };

function memory(stored?: string) {
  const kept = new Map<string, string>(stored === undefined ? [] : [['fastkv.kv', stored]]);
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

it('starts with the model’s own settings', () => {
  const kv = createKvStore(memory());
  expect(settingsFor(kv.getState(), MODEL)).toEqual(KV);
  expect(isChanged(kv.getState(), MODEL)).toBe(false);
});

it('remembers what was changed for every model, and the TSP layer for its own', () => {
  const storage = memory();
  createKvStore(storage).getState().change({ retain: 0.3, tspLayer: 1 }, MODEL);
  const later = createKvStore(storage).getState();
  expect(settingsFor(later, MODEL)).toEqual({ ...KV, retain: 0.3, tspLayer: 1 });
  expect(settingsFor(later, OTHER)).toEqual({ ...OTHER.kv, retain: 0.3 });
});

it('goes back to the model’s defaults, and leaves other models their TSP layer', () => {
  const storage = memory();
  const kv = createKvStore(storage);
  kv.getState().change({ retain: 0.3, tspLayer: 1 }, MODEL);
  kv.getState().change({ tspLayer: 5 }, OTHER);
  kv.getState().reset(MODEL);
  const later = createKvStore(storage).getState();
  expect(settingsFor(later, MODEL)).toEqual(KV);
  expect(isChanged(later, MODEL)).toBe(false);
  expect(settingsFor(later, OTHER).tspLayer).toBe(5);
});

it('takes no TSP layer that the model does not have, and no policy that the engine does not know', () => {
  const kv = createKvStore(
    memory('{"changed":{"policy":"snapkv"},"tspLayers":{"Demo model":2,"Another model":7}}'),
  );
  kv.setState({ policies: POLICIES });
  expect(settingsFor(kv.getState(), MODEL)).toEqual(KV);
  expect(settingsFor(kv.getState(), OTHER).tspLayer).toBe(7);
});

it('drops what was stored and means nothing', () => {
  const stored = {
    changed: { retain: 7, tspRate: '0.5', turnMode: 'lossy', parkTrunk: true, toString: 1, floor: -1 },
    tspLayers: { 'Demo model': 'deep', 'Another model': 4 },
  };
  const { changed, tspLayers } = createKvStore(memory(JSON.stringify(stored))).getState();
  expect(changed).toEqual({ parkTrunk: true });
  expect(tspLayers).toEqual({ 'Another model': 4 });
  for (const broken of ['{', 'null', '7', '{"changed":5}']) {
    expect(settingsFor(createKvStore(memory(broken)).getState(), MODEL), broken).toEqual(KV);
  }
});

it('keeps only what the engine takes', () => {
  const stored = (settings: object) =>
    createKvStore(memory(JSON.stringify({ changed: settings }))).getState().changed;
  const good = { window: 64, kernel: 63, capacity: 1, tspLength: 1, protectFirst: 0, floor: 0, retain: 1 };
  expect(stored(good)).toEqual(good);
  for (const [key, values] of Object.entries({
    window: [0, 65, 8.5],
    kernel: [0, 2, 65, -1, '7'],
    capacity: [0, 2 ** 31],
    tspLength: [0, 0.5],
    protectFirst: [-1],
    retain: [0, 1.01, null],
    tspRate: [0, 2],
  }))
    for (const value of values) expect(stored({ [key]: value }), `${key} ${value}`).toEqual({});
});

it('knows whether its settings will outlast the page', () => {
  const refuse = () => {
    throw new Error('denied');
  };
  expect(createKvStore(memory()).getState().remembers).toBe(true);
  expect(createKvStore({ getItem: refuse, setItem: refuse }).getState().remembers).toBe(false);
  // As where the space is used up.
  const full = createKvStore({ getItem: () => null, setItem: refuse });
  expect(full.getState().remembers).toBe(true);
  full.getState().change({ retain: 0.3 }, MODEL);
  expect(full.getState().remembers).toBe(false);
});

it('does without a memory where storage is refused', () => {
  const refuse = () => {
    throw new Error('denied');
  };
  const kv = createKvStore({ getItem: refuse, setItem: refuse });
  kv.getState().change({ turnMode: 'lean' }, MODEL);
  expect(settingsFor(kv.getState(), MODEL).turnMode).toBe('lean');
});

it('has every newly loaded engine list its policies', async () => {
  const { model, workers, kv } = await readyStores();
  listPolicies(kv, model);
  void model.getState().reload();
  await after(() => workers[1]?.loading.resolve(MODEL));
  expect(kv.getState().policies).toEqual(POLICIES);
});
