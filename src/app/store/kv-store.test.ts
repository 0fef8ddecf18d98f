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

const refuse = () => {
  throw new Error('denied');
};

it('starts with the model’s own settings', () => {
  const kv = createKvStore(memory()).getState();
  expect(settingsFor(kv, {}, MODEL)).toEqual(KV);
  expect(isChanged(kv, {}, MODEL)).toBe(false);
});

it('takes what the conversation changed, and the TSP layer of its own model alone', () => {
  const storage = memory();
  createKvStore(storage).getState().setTspLayer(MODEL, 1);
  const later = createKvStore(storage).getState();
  const changed = { kv: { retain: 0.3 } };
  expect(settingsFor(later, changed, MODEL)).toEqual({ ...KV, retain: 0.3, tspLayer: 1 });
  expect(settingsFor(later, changed, OTHER)).toEqual({ ...OTHER.kv, retain: 0.3 });
  expect(isChanged(later, {}, MODEL)).toBe(true);
  expect(isChanged(later, {}, OTHER)).toBe(false);
});

it('gives a model its own TSP layer back, and leaves other models theirs', () => {
  const storage = memory();
  const { setTspLayer } = createKvStore(storage).getState();
  setTspLayer(MODEL, 1);
  setTspLayer(OTHER, 5);
  setTspLayer(MODEL, undefined);
  const later = createKvStore(storage).getState();
  expect(settingsFor(later, {}, MODEL)).toEqual(KV);
  expect(settingsFor(later, {}, OTHER).tspLayer).toBe(5);
});

it('takes no TSP layer that the model does not have, and no policy that the engine does not know', () => {
  const kv = createKvStore(memory('{"tspLayers":{"Demo model":2,"Another model":7}}'));
  kv.setState({ policies: POLICIES });
  const stored = { kv: { policy: 'snapkv' as 'full' } };
  expect(settingsFor(kv.getState(), stored, MODEL)).toEqual(KV);
  expect(settingsFor(kv.getState(), stored, OTHER).tspLayer).toBe(7);
});

it('drops what was stored and means nothing', () => {
  const tspLayers = { 'Demo model': 'deep', 'Another model': 4, third: -1, fourth: 1.5 };
  expect(createKvStore(memory(JSON.stringify({ tspLayers }))).getState().tspLayers).toEqual({
    'Another model': 4,
  });
  for (const broken of ['{', 'null', '7', '{"tspLayers":5}'])
    expect(createKvStore(memory(broken)).getState().tspLayers, broken).toEqual({});
});

it('knows whether it will outlast the page, and does without where storage is refused', () => {
  expect(createKvStore(memory()).getState().remembers).toBe(true);
  expect(createKvStore({ getItem: refuse, setItem: refuse }).getState().remembers).toBe(false);
  // As where the space is used up.
  const full = createKvStore({ getItem: () => null, setItem: refuse });
  expect(full.getState().remembers).toBe(true);
  full.getState().setTspLayer(MODEL, 1);
  expect(full.getState().remembers).toBe(false);
  expect(settingsFor(full.getState(), {}, MODEL).tspLayer).toBe(1);
});

it('has every newly loaded engine list its policies', async () => {
  const { model, workers, kv } = await readyStores();
  listPolicies(kv, model);
  void model.getState().reload();
  await after(() => workers[1]?.loading.resolve(MODEL));
  expect(kv.getState().policies).toEqual(POLICIES);
});
