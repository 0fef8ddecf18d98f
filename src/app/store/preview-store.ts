/** Which document is open to be read, and at which place. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ChatStore } from './chat-store';

/** Of a document's text; `to` is not included. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

export interface PreviewState {
  readonly documentId: string | undefined;
  /** What it was opened for: shown and marked. */
  readonly marked: TextRange | undefined;
  open(documentId: string, marked?: TextRange): void;
  close(): void;
}

export type PreviewStore = StoreApi<PreviewState>;

const CLOSED = { documentId: undefined, marked: undefined } as const;

/** Closes by itself when the document goes. */
export function createPreviewStore(chat: ChatStore): PreviewStore {
  const store = createStore<PreviewState>()((set) => ({
    ...CLOSED,
    open: (documentId, marked) => set({ documentId, marked }),
    close: () => set(CLOSED),
  }));
  chat.subscribe(({ documents }) => {
    const { documentId } = store.getState();
    if (documentId !== undefined && !documents.some(({ id }) => id === documentId)) store.setState(CLOSED);
  });
  return store;
}
