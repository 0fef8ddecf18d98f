/** The shown conversation without what changes at every token and key: what the parts of each message go by. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { isFree, isIdle, type ChatState, type ChatStore } from './chat-store';

export type Outline = Readonly<ReturnType<typeof outlineOf>>;

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

function outlineOf(state: ChatState) {
  const { order, children, documents, activeId, editingId, edits } = state;
  const known = { isIdle: isIdle(state), isFree: isFree(state) };
  return { order, children, documents, activeId, editingId, edits, ...known };
}
