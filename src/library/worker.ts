/** The library's side of the wire: gives it the browser's storage, network and locks, and exposes it to the page. */
import { expose } from 'comlink';
import { carryErrorCodes } from '../comlink-errors';
import type { LibraryApi } from '../library-protocol';
import { Library, type LibraryWorld } from './library';
import { opfsShelf } from './shelf';

const exclusively: LibraryWorld['exclusively'] = async (key, signal, onWait, job) => {
  const name = `fastkv-model:${key}`;
  const granted = await navigator.locks.request(name, { ifAvailable: true }, async (lock) =>
    lock ? { value: await job() } : undefined,
  );
  if (granted) return granted.value;
  onWait();
  return navigator.locks.request(name, { signal }, job);
};

carryErrorCodes();
const api: LibraryApi = new Library({
  shelf: opfsShelf(() => navigator.storage.getDirectory()),
  fetch: fetch.bind(globalThis),
  exclusively,
  estimate: () => navigator.storage.estimate(),
  persisted: () => navigator.storage.persisted(),
});
expose(api);
