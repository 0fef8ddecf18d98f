/** What of the page is open: a dialog, at most one; the inspector, where there is no room to show it always. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { keep, recall, type Memory } from './storage';

export type DialogName = 'models' | 'settings' | 'shortcuts';

export interface ViewState {
  readonly dialog: DialogName | undefined;
  readonly inspectorOpen: boolean;
  /** Remembered where there is room for it beside the chat. */
  readonly sidebarOpen: boolean;
  /** Whether a sign alone may be a shortcut. */
  readonly singleKeys: boolean;
  open(dialog: DialogName): void;
  close(): void;
  /** That dialog closed itself; another may be open by the time it says so. */
  closed(dialog: DialogName): void;
  showInspector(open: boolean): void;
  showSidebar(open: boolean): void;
  /** Remembered. */
  allowSingleKeys(allowed: boolean): void;
}

export type ViewStore = StoreApi<ViewState>;

const SINGLE_KEYS = 'fastkv.single-keys';

const SIDEBAR = 'fastkv.sidebar';

/** `hasRoom`: for the sidebar beside the chat. */
export const createViewStore = (storage: Memory, hasRoom: () => boolean = () => true): ViewStore =>
  createStore<ViewState>()((set, get) => ({
    dialog: undefined,
    inspectorOpen: false,
    sidebarOpen: recall(storage, SIDEBAR) === 'open' && hasRoom(),
    singleKeys: recall(storage, SINGLE_KEYS) !== 'off',
    open: (dialog) => set({ dialog }),
    close: () => set({ dialog: undefined }),
    closed: (dialog) => dialog === get().dialog && set({ dialog: undefined }),
    showSidebar(sidebarOpen) {
      set({ sidebarOpen });
      keep(storage, SIDEBAR, sidebarOpen && hasRoom() ? 'open' : 'closed');
    },
    showInspector: (inspectorOpen) => set({ inspectorOpen }),
    allowSingleKeys(singleKeys) {
      set({ singleKeys });
      keep(storage, SINGLE_KEYS, singleKeys ? 'on' : 'off');
    },
  }));
