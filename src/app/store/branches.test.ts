import { expect, it } from 'vitest';
import { childrenOf, withoutFirst, type Thread } from './branches';
import type { Message } from './conversation';

const message = (id: string, parentId?: string): Message => {
  const base = { id, parentId, createdAt: Number(id.slice(1)) };
  return id.startsWith('q')
    ? { ...base, role: 'user', question: id, documentIds: [] }
    : { ...base, role: 'assistant', text: id, answer: { state: 'writing' }, figures: {} };
};

function thread(order: readonly string[], ...given: readonly Message[]): Thread {
  const messages = Object.fromEntries(given.map((each) => [each.id, each]));
  return { messages, order, children: childrenOf(messages) };
}

it('takes out the first turn of the shown path, and all that follows its answer moves up', () => {
  const before = thread(
    ['q1', 'a2', 'q3', 'a4'],
    ...[message('q1'), message('a2', 'q1'), message('q3', 'a2'), message('a4', 'q3')],
    // Another branch below the same answer; another answer, with what was asked then; another first question.
    ...[message('q5', 'a2'), message('a6', 'q1'), message('q7', 'a6'), message('q8')],
  );
  const after = withoutFirst(before, 0);
  expect(after?.order).toEqual(['q3', 'a4']);
  expect(Object.keys(after?.messages ?? {}).sort()).toEqual(['a4', 'q3', 'q5', 'q8']);
  expect(after?.children).toEqual({ '': ['q3', 'q5', 'q8'], q3: ['a4'] });
});

it('leaves a conversation of one turn alone', () => {
  expect(withoutFirst(thread(['q1', 'a2'], message('q1'), message('a2', 'q1')), 0)).toBeUndefined();
  expect(withoutFirst(thread([]), 0)).toBeUndefined();
});
