/** Whether a newer version of the page is there, and the way to it. The page never goes there by itself. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ConnectSite, SiteConnection } from './site-worker';

export interface UpdateState {
  readonly ready: boolean;
  /** Keeps the page for use without the network, and looks for newer versions from now on. */
  keep(): void;
  /** Reloads into the newer version. */
  use(): void;
  /** Not now: the next visit brings it all the same. */
  dismiss(): void;
}

export type UpdateStore = StoreApi<UpdateState>;

export function createUpdateStore(connect: ConnectSite): UpdateStore {
  let site: SiteConnection | undefined;
  return createStore<UpdateState>()((set) => ({
    ready: false,
    keep: () => {
      site ??= connect(() => set({ ready: true }));
    },
    use: () => site?.useNewer(),
    dismiss: () => set({ ready: false }),
  }));
}
