import { expect, it } from 'vitest';
import { createOutline } from './outline';
import { after, readyStores } from './scripted-engine.test-support';

it('tells when a turn begins and ends, and nothing while an answer streams or something is typed', async () => {
  const { chat, worker } = await readyStores();
  const outline = createOutline(chat);
  const heard: string[] = [];
  outline.subscribe(({ order, isIdle, isFree }) =>
    heard.push(`${order.length} messages, ${isIdle ? 'idle' : 'busy'}, ${isFree ? 'free' : 'taken'}`),
  );
  chat.getState().setDraft('What?');
  await after(() => void chat.getState().askDraft());
  expect(heard).toEqual(['2 messages, busy, taken']);

  const before = chat.getState();
  for (const text of ['It ', 'is ', 'silver.'])
    worker.turns[0]?.emit({ type: 'text', text, newTokens: 1, decodeTokensPerSecond: 1 });
  chat.getState().setDraft('And');
  expect(chat.getState().messages).not.toBe(before.messages);
  expect(heard).toHaveLength(1);

  chat.getState().newChat();
  expect(heard.at(-1)).toBe('0 messages, idle, taken');
  await worker.turns[0]?.finish({ text: 'It is silver.' });
  expect(heard.slice(2)).toEqual(['0 messages, idle, free']);
});

it('has what the chat has, whenever it is asked', async () => {
  const { chat } = await readyStores();
  const outline = createOutline(chat);
  chat.getState().attach({ name: 'a.txt', text: 'A', tokens: undefined, questions: [] });
  expect(outline.getState().documents).toBe(chat.getState().documents);
  await after(() => void chat.getState().ask('What?'));
  const { order, children, activeId } = chat.getState();
  expect(outline.getState()).toMatchObject({ order, children, activeId });
  const [questionId = ''] = order;
  chat.getState().beginEdit(questionId);
  chat.getState().setEdit(questionId, 'Which?');
  expect(outline.getState()).toMatchObject({ editingId: questionId, edits: { [questionId]: 'Which?' } });
});
