import { expect, it } from 'vitest';
import { conversationOf } from './chat-store';
import { keepDrafts, keepEdits } from './drafts';
import { after, readyStores } from './scripted-engine.test-support';

const DOCUMENT = { name: 'notes.txt', text: 'The lamp is silver.', tokens: 5, questions: [] };

function memory() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
}

async function chatWith(session: ReturnType<typeof memory>) {
  const { chat } = await readyStores();
  keepDrafts(chat, session);
  return chat;
}

it('keeps what is typed of a conversation, there and for a reload', async () => {
  const session = memory();
  const chat = await chatWith(session);
  const state = () => chat.getState();
  state().setDraft('Which lamp?');
  const reloaded = await chatWith(session);
  expect(reloaded.getState().draft).toBe('Which lamp?');

  state().attach(DOCUMENT);
  expect(state().draft, 'begun with a document, it is the same').toBe('Which lamp?');
  const { id, documents, messages, order, children } = state();
  const first = { id, documents, messages, order, children };
  const second = { ...first, id: 'second' };
  chat.setState(second);
  expect(state().draft, 'another’s is its own').toBe('');
  state().setDraft('And the second?');
  chat.setState(first);
  expect(state().draft).toBe('Which lamp?');
  chat.setState(second);
  expect(state().draft).toBe('And the second?');

  const back = await chatWith(session);
  expect(back.getState().draft, 'a new chat had none').toBe('');
  back.setState(first);
  expect(back.getState().draft).toBe('Which lamp?');
});

it('takes words along into a new conversation, and forgets what was sent', async () => {
  const session = memory();
  const chat = await chatWith(session);
  chat.getState().attach(DOCUMENT);
  const { id, documents } = chat.getState();
  chat.getState().setDraft('Which lamp?');
  chat.setState({ id: 'new', documents: [] });
  expect(chat.getState().draft).toBe('Which lamp?');
  chat.setState({ id, documents });
  expect(chat.getState().draft).toBe('');
  chat.setState({ id: 'newer', documents: [] });
  expect(chat.getState().draft, 'they wait where none has begun').toBe('Which lamp?');
  chat.getState().setDraft('');
  expect((await chatWith(session)).getState().draft).toBe('');
});

it('begins with nothing where what is kept is spoilt, and with words typed meanwhile', async () => {
  const session = memory();
  session.setItem('fastkv.drafts', '{"');
  const { chat } = await readyStores();
  chat.getState().setDraft('early');
  keepDrafts(chat, session);
  expect(chat.getState().draft).toBe('early');
});

it('keeps other words for a question until they are sent or cancelled, in another chat and through a reload', async () => {
  const session = memory();
  const { chat, worker } = await readyStores();
  keepEdits(chat, session);
  const state = () => chat.getState();
  for (const [index, question] of ['One?', 'Two?'].entries()) {
    await after(() => void state().ask(question));
    await worker.turns[index]?.finish({ text: 'So.' });
  }
  const [first = '', answer = '', second = ''] = state().order;
  state().beginEdit(first);
  state().setEdit(first, 'One, or');
  state().setEdit(answer, 'not a question');
  state().closeEdit();
  state().beginEdit(second);
  state().setEdit(second, 'Two, or');
  const left = conversationOf(state());
  state().newChat();
  expect(state()).toMatchObject({ editingId: undefined, edits: { [first]: 'One, or', [second]: 'Two, or' } });
  const reloaded = await readyStores();
  keepEdits(reloaded.chat, session);
  expect(reloaded.chat.getState().edits).toEqual(state().edits);

  state().show(left);
  state().beginEdit(first);
  state().cancelEdit();
  expect(state().edits).toEqual({ [second]: 'Two, or' });
  state().setEdit(first, 'One, or');
  state().setEdit(first, 'One?');
  expect(state().edits, 'the same words are no others').toEqual({ [second]: 'Two, or' });
  await after(() => void state().resend(second, state().edits[second] ?? ''));
  expect(worker.turns[2]?.request.messages.at(-1)?.content).toBe('Two, or');
  expect(state().edits).toEqual({});
});
