import { expect, it } from 'vitest';
import { undoable } from './notices';
import { after, readyStores } from './scripted-engine.test-support';

async function chatWith(questions: readonly string[]) {
  const { chat, worker } = await readyStores();
  for (const [index, question] of questions.entries()) {
    await after(() => void chat.getState().ask(question));
    await worker.turns[index]?.finish({ text: `To ${question}` });
  }
  const state = () => chat.getState();
  return { state, undo: () => state().notice?.undo?.run(), told: () => state().notice?.text };
}

const DOCUMENT = { name: 'notes.txt', text: 'The lamp is silver.', tokens: 5, questions: [] };

it('offers what was deleted in a row again, the last first, until everything is as it was', async () => {
  const { state, undo, told } = await chatWith(['One?', 'Two?', 'Three?']);
  state().attach(DOCUMENT);
  const { messages, order, children, documents } = state();
  const before = { messages, order, children, documents };
  state().forgetFirst();
  state().remove(state().order.at(-1) ?? '');
  state().detach(documents[0]?.id ?? '');
  state().remove(state().order.at(-2) ?? '');
  expect(state().order).toHaveLength(1);
  undo();
  expect(told()).toBe('Removed notes.txt.');
  undo();
  undo();
  expect(told()).toBe('Deleted the first question and its answer.');
  undo();
  expect(state()).toMatchObject({ ...before, notice: undefined });
  expect(state().messages, 'the very same').toBe(messages);
});

it('shows news and errors above what can be undone, each dismissed and undone without the other', async () => {
  const { state, undo, told } = await chatWith(['One?']);
  state().remove(state().order[1] ?? '');
  state().say('Imported 1 chat.');
  state().sayError('This chat could not be read.');
  const offered = () => undoable(state().notice)?.text;
  expect([told(), offered()]).toEqual(['This chat could not be read.', 'Deleted the answer.']);
  state().dismissNews();
  expect(told()).toBe('Deleted the answer.');
  state().say('Imported 1 chat.');
  undoable(state().notice)?.undo?.run();
  expect(state().order).toHaveLength(2);
  expect([told(), offered()], 'undone below the news').toEqual(['Imported 1 chat.', undefined]);
  state().remove(state().order[1] ?? '');
  state().attach(DOCUMENT);
  undo();
  expect(state().order, 'undone alone, as news ends with what is attached').toHaveLength(2);
  state().remove(state().order[1] ?? '');
  state().say('Imported 1 chat.');
  state().dismissUndo();
  expect([told(), offered()], 'dismissed below the news').toEqual(['Imported 1 chat.', undefined]);
  state().dismissNews();
  expect(told()).toBeUndefined();
});

it('ends with the next question, and what is of one conversation alone with that', async () => {
  const { state, told } = await chatWith(['One?', 'Two?']);
  state().remove(state().order[3] ?? '');
  state().newChat();
  expect(state().notice?.earlier).toBeUndefined();
  state().say('Deleted “Lamps”.', { label: 'Undo', outlasts: true, run: () => undefined });
  await after(() => void state().ask('Three?'));
  expect(told()).toBeUndefined();
});

it('brings no document back that was attached again meanwhile', async () => {
  const { state, undo } = await chatWith([]);
  state().attach(DOCUMENT);
  state().detach(state().documents[0]?.id ?? '');
  state().attach(DOCUMENT);
  undo();
  expect(state().documents).toHaveLength(1);
});
