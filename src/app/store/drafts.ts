/** What is typed and not yet sent, of each conversation and question: it waits there, and outlives a reload of its tab. */
import * as v from 'valibot';
import type { ChatState, ChatStore } from './chat-store';
import { isEmpty } from './conversation';
import { keep, recall, type Memory } from './storage';

const KEY = 'fastkv.drafts';
const EDITS = 'fastkv.edits';
const schema = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string()));

/** A conversation that has not begun is made anew with each visit. */
const keyOf = (state: ChatState): string => (isEmpty(state) ? '' : state.id);

/** From now on. Words that go with their writer into a new conversation are no longer in the old one. */
export function keepDrafts(chat: ChatStore, memory: Memory): void {
  const parsed = v.safeParse(schema, recall(memory, KEY));
  const drafts = new Map(parsed.success ? Object.entries(parsed.output) : []);
  const put = (key: string, draft: string) => (draft === '' ? drafts.delete(key) : drafts.set(key, draft));
  const of = (state: ChatState) => drafts.get(keyOf(state)) ?? '';

  const begun = chat.getState();
  if (begun.draft === '') chat.setState({ draft: of(begun) });
  else put(keyOf(begun), begun.draft);
  chat.subscribe((now, before) => {
    const [key, left] = [keyOf(now), keyOf(before)];
    if (now.draft === before.draft && now.id === before.id && key === left) return;
    const isOther = now.id !== before.id;
    // To a new one they go along: asked anew, often because the old one is full.
    if (!isOther || key === '') put(left, '');
    if (isOther && key !== '') {
      chat.setState({ draft: of(now) });
      return;
    }
    const kept = isOther ? of(now) : '';
    const draft = kept === '' || kept === now.draft ? now.draft : `${kept}\n${now.draft}`.trimEnd();
    put(key, draft);
    keep(memory, KEY, JSON.stringify(Object.fromEntries(drafts)));
    if (draft !== now.draft) chat.setState({ draft });
  });
}

/** The same of other words for a question. */
export function keepEdits(chat: ChatStore, memory: Memory): void {
  const kept = v.safeParse(schema, recall(memory, EDITS));
  if (kept.success) chat.setState({ edits: { ...kept.output, ...chat.getState().edits } });
  chat.subscribe(({ edits }, before) => {
    if (edits !== before.edits) keep(memory, EDITS, JSON.stringify(edits));
  });
}
