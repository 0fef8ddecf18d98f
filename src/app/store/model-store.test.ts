import { expect, it, vi } from 'vitest';
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

it('keeps what was asked for when a model last became ready, whatever fails after it', async () => {
  const { model, workers } = await readyStores();
  const { request } = model.getState();
  expect(model.getState().lastReady).toBe(request);
  void model.getState().load({ ...REQUEST, name: 'Other' });
  await after(() => workers[1]?.loading.reject(coded('file-missing', 'Gone.')));
  expect(model.getState()).toMatchObject({ lastReady: request, request: { name: 'Other' } });
});

it('fails when its worker dies while loading', async () => {
  const { model, workers } = scriptedStores();
  void model.getState().load(REQUEST);
  await workers[0]?.die({ code: 'internal', message: 'The worker stopped.' });
  expect(model.getState().status).toMatchObject({ state: 'failed', wasReady: false });
});

it('loads again by itself when the device is lost, and says why; a second loss within a minute waits to be asked', async () => {
  const now = vi.spyOn(Date, 'now').mockReturnValue(1e9);
  const { model, worker, workers } = await readyStores();
  const error = { code: 'device-lost', message: 'The device was lost.' } as const;
  await worker.loseDevice(error);
  expect(model.getState()).toMatchObject({ status: { state: 'loading' }, lost: error });
  expect(worker.closed).toBe(true);
  await after(() => workers[1]?.loading.resolve(MODEL));
  expect(model.getState().status.state).toBe('ready');

  now.mockReturnValue(1e9 + 59_000);
  await workers[1]?.loseDevice(error);
  expect(model.getState().status).toEqual({ state: 'failed', error, wasReady: true });
  expect(workers).toHaveLength(2);
  void model.getState().reload();
  expect(model.getState().lost, 'asked for, it needs no reason').toBe(undefined);
  await after(() => workers[2]?.loading.resolve(MODEL));

  now.mockReturnValue(1e9 + 120_000);
  await workers[2]?.loseDevice(error);
  expect(model.getState()).toMatchObject({ status: { state: 'loading' }, lost: error });
  now.mockRestore();
});

it('ignores the end of a worker that was replaced', async () => {
  const { model, worker, workers } = await readyStores();
  void model.getState().load(REQUEST);
  await after(() => workers[1]?.loading.resolve(MODEL));
  await worker.die({ code: 'internal', message: 'The old worker stopped.' });
  expect(model.getState().status.state).toBe('ready');
});
