import { afterEach, expect, it, vi } from 'vitest';
import { CLOSED, connectWorker } from './engine';

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
