import { expect, it } from 'vitest';
import { after, readyStores } from './scripted-engine.test-support';

it('empties the draft for the question that it becomes, and keeps it where the question is refused', async () => {
  const { chat, worker } = await readyStores();
  chat.getState().setDraft('What color?');
  await after(() => void chat.getState().askDraft());
  expect(chat.getState().draft).toBe('');
  expect(worker.turns[0]?.request.messages.at(-1)?.content).toBe('What color?');
  chat.getState().setDraft('And what size?');
  await chat.getState().askDraft();
  expect(chat.getState().draft).toBe('And what size?');
  expect(worker.turns).toHaveLength(1);
});
