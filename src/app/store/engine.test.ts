import { expose } from 'comlink';
import { afterEach, expect, it, vi } from 'vitest';
import { CLOSED, connectWorker } from './engine';
import { KV, planOf, POLICIES, ScriptedWorker } from './scripted-engine.test-support';

/** A worker that never says anything, and that ends as silently as a real one. */
class SilentWorker extends EventTarget {
  postMessage = () => undefined;
  terminate = () => undefined;
}

afterEach(() => vi.unstubAllGlobals());

it('tells whoever waits that the engine was closed', async () => {
  vi.stubGlobal('Worker', SilentWorker);
  const { died, close } = connectWorker();
  close();
  const silence = new Promise((resolve) => setTimeout(resolve, 100, 'silence'));
  expect(await Promise.race([died, silence])).toEqual(CLOSED);
});

it('forwards every call, and steps come back while a calibration runs', async () => {
  const scripted = new ScriptedWorker();
  const { port1, port2 } = new MessageChannel();
  expose(scripted.api, port2);
  vi.stubGlobal('Worker', function () {
    port1.start();
    return Object.assign(port1, { terminate: () => port1.close() });
  });
  const { api, close } = connectWorker();

  expect(await api.listPolicies()).toEqual(POLICIES);
  expect(await api.selection()).toBeUndefined();
  scripted.selection = { promptTokens: 2, tspLayer: 0, propagated: Uint32Array.of(1), kept: undefined };
  expect(await api.selection()).toEqual(scripted.selection);
  expect(await api.promptText(3, 5)).toBe('text of 3..5');
  const request = { promptTokens: 100, answerTokens: 10 };
  expect(await api.plan(request)).toEqual(planOf(request));
  expect(await api.limits()).toMatchObject({ maxBufferBytes: 2 ** 31 });

  const steps: number[][] = [];
  const calibrating = api.calibrate(['a prompt'], KV, (...step) => steps.push(step));
  await vi.waitFor(() => expect(scripted.calibrations).toHaveLength(1));
  const [call] = scripted.calibrations;
  expect(call).toMatchObject({ prompts: ['a prompt'], kv: KV });
  call?.step(1, 2);
  await vi.waitFor(() => expect(steps).toEqual([[1, 2]]));
  const result = { steps: [{ tspLayer: 0, distance: 1, work: 0.5 }], suggested: 0 };
  await call?.finish(result);
  expect(await calibrating).toEqual(result);
  close();
  port2.close();
});
