/** The library's worker as the stores see it. Nothing of it is fetched before it is first asked something. */
import { proxy, wrap } from 'comlink';
import { carryErrorCodes } from '../../comlink-errors';
import type { LibraryApi } from '../../library-protocol';
import type { EngineFailure } from '../../protocol';
import { onCrash } from './engine';
import { throwFailure } from './model-store';

export type ConnectLibrary = () => LibraryApi;

export const connectLibraryWorker: ConnectLibrary = () => {
  let connected: ReturnType<typeof connect> | undefined;
  /** A call to a worker that died would never settle; the next call starts a new one. */
  const call = <T>(ask: (remote: ReturnType<typeof connect>['remote']) => Promise<T>): Promise<T> => {
    connected ??= connect(() => (connected = undefined));
    return Promise.race([ask(connected.remote), connected.died.then(throwFailure)]);
  };
  return {
    look: (model) => call((remote) => remote.look(model)),
    download: (transfer, model, onProgress) =>
      call((remote) => remote.download(transfer, model, proxy(onProgress))),
    examine: (added, waiting) => call((remote) => remote.examine(added, waiting)),
    copy: (transfer, name, files, onProgress) =>
      call((remote) => remote.copy(transfer, name, files, proxy(onProgress))),
    verify: (transfer, key, accessToken, onProgress) =>
      call((remote) => remote.verify(transfer, key, accessToken, proxy(onProgress))),
    cancel: (transfer) => call((remote) => remote.cancel(transfer)),
    list: () => call((remote) => remote.list()),
    remove: (key) => call((remote) => remote.remove(key)),
    space: () => call((remote) => remote.space()),
  };
};

function connect(onDeath: () => void) {
  carryErrorCodes();
  const worker = new Worker(new URL('../../library/worker.ts', import.meta.url), { type: 'module' });
  const died = new Promise<EngineFailure>((resolve) => {
    onCrash(worker, 'The worker that keeps models', (failure) => {
      onDeath();
      resolve(failure);
    });
  });
  return { remote: wrap<LibraryApi>(worker), died };
}
