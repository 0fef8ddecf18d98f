import { expect, it } from 'vitest';
import { emptyConversation, type AttachedDocument, type Message } from '../store/conversation';
import { messageRow, readConversation, rowOf } from './rows';

const read = (messages: readonly Message[], documents: readonly AttachedDocument[] = []) => {
  const conversation = { ...emptyConversation(), documents, order: messages.map(({ id }) => id) };
  const rows = messages.map((message) => messageRow(conversation.id, message));
  return readConversation({ conversation: rowOf(conversation), messages: rows, documents })?.conversation;
};
const question = (id: string, parentId?: string): Message => ({
  ...{ id, parentId, createdAt: 0, role: 'user', question: 'Why?', documentIds: [] },
});

it.each([
  ['endless', [0, Infinity], undefined],
  ['behind the text', [0, 6], undefined],
  ['between two characters', [0, 0.5], undefined],
  ['not in order', [2, 0], undefined],
  ['before the text', [-1, 0], undefined],
  ['right', [0, 5], [0, 5]],
])('reads pages only where they are places in the text: %s', (_, pages, expected) => {
  const document = { id: 'd', name: 'a.pdf', text: 'lamps', pages, tokens: 1, questions: [] };
  expect(read([], [document])?.documents.map((found) => found.pages)).toEqual([expected]);
});

it('reads ids that are names of what every object has', () => {
  const ids = ['constructor', '__proto__', 'toString'];
  const found = read(ids.map((id, index) => question(id, ids[index - 1])));
  expect(found?.order).toEqual(ids);
  expect(found?.children['constructor']).toEqual(['__proto__']);
});

it('shows the newest branch where the last one shown is gone, though it be named as what every object has', () => {
  const conversation = { ...emptyConversation(), order: ['constructor'] };
  const parts = { conversation: rowOf(conversation), messages: [question('q')], documents: [] };
  expect(readConversation(parts)?.conversation.order).toEqual(['q']);
});

it('keeps how long a model thought aloud, and what was deleted of what it had read', () => {
  const found = read([
    {
      ...{ id: 'a', parentId: undefined, createdAt: 0, role: 'assistant', text: '<think>So</think>Yes' },
      answer: { state: 'done', stopReason: 'end' },
      figures: { thoughtMs: 2000, deletedTokens: 90 },
    },
  ]);
  expect(found?.messages['a']).toMatchObject({ figures: { thoughtMs: 2000, deletedTokens: 90 } });
});
