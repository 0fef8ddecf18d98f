/** The shown conversation without what every token and every key changes: what most of what is drawn of each message goes by. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { isFree, isIdle, type ChatState, type ChatStore } from './chat-store';

type Kept = 'order' | 'children' | 'documents' | 'activeId' | 'editingId' | 'edits';

export interface Outline extends Pick<ChatState, Kept> {
  readonly isIdle: boolean;
  readonly isFree: boolean;
}

export type OutlineStore = StoreApi<Outline>;

/** A long conversation has thousands of selectors. Here they run when their answers may change, and not while one streams. */
export function createOutline(chat: ChatStore): OutlineStore {
  const store = createStore<Outline>()(() => outlineOf(chat.getState()));
  chat.subscribe((state) => {
    const outline = outlineOf(state);
    const before = store.getState();
    const keys = Object.keys(outline) as (keyof Outline)[];
    if (keys.some((key) => outline[key] !== before[key])) store.setState(outline);
  });
  return store;
}

function outlineOf(state: ChatState): Outline {
  const { order, children, documents, activeId, editingId, edits } = state;
  return {
    order,
    children,
    documents,
    activeId,
    editingId,
    edits,
    isIdle: isIdle(state),
    isFree: isFree(state),
  };
}
