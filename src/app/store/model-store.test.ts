import { expect, it } from 'vitest';
import {
  after,
  coded,
  MODEL,
  readyStores,
  scriptedStores,
  type ScriptedWorker,
} from './scripted-engine.test-support';

const REQUEST = {
  source: { kind: 'site', baseUrl: 'https://example.org/models/demo/' },
  name: 'Demo model',
} as const;

it('shows bytes, then compiling, then a ready model', async () => {
  const { model, workers } = scriptedStores();
  expect(model.getState().status.state).toBe('idle');
  void model.getState().load(REQUEST);
  const worker = workers[0] as ScriptedWorker;

  const step = { state: 'loading', step: 'weights', loadedBytes: 10, totalBytes: 20 } as const;
  worker.report(step);
  expect(model.getState().status).toEqual(step);
  worker.report({ ...step, step: 'compiling' });
  expect(model.getState().status).toMatchObject({ step: 'compiling' });
  await after(() => worker.loading.resolve(MODEL));
  expect(model.getState().status).toMatchObject({ state: 'ready', model: MODEL });
});

it('is not taken back to loading by a report that arrives after the model', async () => {
  const { model, worker } = await readyStores();
  worker.report({ state: 'loading', step: 'compiling', loadedBytes: 1, totalBytes: 1 });
  expect(model.getState().status.state).toBe('ready');
});

it('keeps the code and sentence of a failed load, and tries again with a fresh worker', async () => {
  const { model, workers } = scriptedStores();
  void model.getState().load(REQUEST);
  await after(() => workers[0]?.loading.reject(coded('file-missing', 'config.json was not found.')));
  expect(model.getState().status).toEqual({
    state: 'failed',
    error: { code: 'file-missing', message: 'config.json was not found.' },
    wasReady: false,
  });

  void model.getState().reload();
  expect(workers[0]?.closed).toBe(true);
  await after(() => workers[1]?.loading.resolve(MODEL));
  expect(model.getState().status.state).toBe('ready');
});

it('fails when its worker dies while loading', async () => {
  const { model, workers } = scriptedStores();
  void model.getState().load(REQUEST);
  await workers[0]?.die({ code: 'internal', message: 'The worker stopped.' });
  expect(model.getState().status).toMatchObject({ state: 'failed', wasReady: false });
});

it('fails when the device is lost, says that it had been ready, and comes back when reloaded', async () => {
  const { model, worker, workers } = await readyStores();
  await worker.loseDevice({ code: 'device-lost', message: 'The device was lost.' });
  expect(model.getState().status).toMatchObject({
    state: 'failed',
    error: { code: 'device-lost' },
    wasReady: true,
  });
  void model.getState().reload();
  await after(() => workers[1]?.loading.resolve(MODEL));
  expect(model.getState().status.state).toBe('ready');
});

it('ignores the end of a worker that was replaced', async () => {
  const { model, worker, workers } = await readyStores();
  void model.getState().load(REQUEST);
  await after(() => workers[1]?.loading.resolve(MODEL));
  await worker.die({ code: 'internal', message: 'The old worker stopped.' });
  expect(model.getState().status.state).toBe('ready');
});
