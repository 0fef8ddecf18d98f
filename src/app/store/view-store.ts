/** Which of the page's dialogs is open; at most one is. */
import { createStore, type StoreApi } from 'zustand/vanilla';

export type DialogName = 'models';

export interface ViewState {
  readonly dialog: DialogName | undefined;
  open(dialog: DialogName): void;
  close(): void;
}

export type ViewStore = StoreApi<ViewState>;

export const createViewStore = (): ViewStore =>
  createStore<ViewState>()((set) => ({
    dialog: undefined,
    open: (dialog) => set({ dialog }),
    close: () => set({ dialog: undefined }),
  }));
