import { expect, it } from 'vitest';
import { exceedsContext, heldUse, isNearlyFull, totalOf } from './context-use';
import { MODEL, readyStores, TTFT } from './scripted-engine.test-support';

const document = (name: string, tokens: number) => ({ name, text: name, tokens, questions: [] });

async function talking() {
  const stores = await readyStores();
  const { chat, worker } = stores;
  const answer = async (promptTokens: number, newTokens: number, text = 'That.') => {
    void chat.getState().ask('What?');
    await new Promise((resolve) => setTimeout(resolve));
    await worker.turns.at(-1)?.finish({ text, promptTokens, newTokens, ttft: TTFT });
  };
  return { ...stores, answer, use: () => heldUse(chat.getState()) };
}

it('counts documents at once, and the conversation by what the last turn came to without them', async () => {
  const { chat, answer, use } = await talking();
  expect(use()).toEqual({ documents: 0, conversation: 0 });
  chat.getState().attach(document('a', 1000));
  expect(use()).toEqual({ documents: 1000, conversation: 0 });
  await answer(1010, 5);
  expect(use()).toEqual({ documents: 1000, conversation: 15 });
  chat.getState().attach(document('b', 300));
  expect(use()).toEqual({ documents: 1300, conversation: 15 });
  await answer(1330, 6);
  expect(use()).toEqual({ documents: 1300, conversation: 36 });
});

it('shows at once what taking out a document that was read, or a turn, gives back', async () => {
  const { chat, answer, use } = await talking();
  chat.getState().attach(document('a', 1000));
  await answer(1010, 5);
  await answer(1030, 6);
  chat.getState().detach(chat.getState().documents[0]?.id ?? '');
  expect(use()).toEqual({ documents: 0, conversation: 36 });
  chat.getState().remove(chat.getState().order[2] ?? '');
  expect(use()).toEqual({ documents: 0, conversation: 15 });
});

it('goes by the last turn that was read where one after it failed', async () => {
  const { chat, worker, answer, use } = await talking();
  await answer(20, 5);
  void chat.getState().ask('And?');
  await new Promise((resolve) => setTimeout(resolve));
  await worker.turns.at(-1)?.fail(new Error('No.'));
  expect(use()).toEqual({ documents: 0, conversation: 25 });
});

it('refuses a question where documents and conversation fill the context, and asks the engine nothing', async () => {
  const { chat, worker, answer } = await talking();
  chat.getState().attach(document('a', MODEL.contextLength - 30));
  await answer(MODEL.contextLength - 20, 15);
  const turns = worker.turns.length;
  chat.getState().attach(document('b', 5));
  await chat.getState().ask('And?');
  expect(worker.turns).toHaveLength(turns);
});

it('exceeds the context with as many tokens as it holds, and is nearly full from nine tenths on', () => {
  const model = { contextLength: 1000 };
  expect([999, 1000].map((tokens) => exceedsContext(tokens, model))).toEqual([false, true]);
  expect([899, 900].map((tokens) => isNearlyFull(tokens, model))).toEqual([false, true]);
  expect(totalOf({ documents: 1, conversation: 2, draft: 4 })).toBe(7);
});

it('deletes the first turn for room, and brings it back', async () => {
  const { chat, answer } = await talking();
  await answer(20, 5);
  chat.getState().forgetFirst();
  expect(chat.getState().order, 'of a single turn nothing would be left').toHaveLength(2);
  await answer(40, 5);
  const before = chat.getState();
  before.forgetFirst();
  expect(chat.getState().order).toEqual(before.order.slice(2));
  expect(chat.getState().notice?.text).toBe('Deleted the first question and its answer.');
  chat.getState().notice?.undo?.run();
  expect(chat.getState()).toMatchObject({
    order: before.order,
    messages: before.messages,
    notice: undefined,
  });
});

it('shows at once what deleting the first turn gives back, turn by turn', async () => {
  const { chat, answer, use } = await talking();
  chat.getState().attach(document('a', 1000));
  await answer(1010, 5);
  await answer(1025, 6);
  await answer(1042, 7);
  expect(use().conversation).toBe(49);
  chat.getState().forgetFirst();
  expect(use().conversation, 'without the 15 of the first').toBe(34);
  chat.getState().notice?.undo?.run();
  expect(use().conversation).toBe(49);
  chat.getState().forgetFirst();
  chat.getState().forgetFirst();
  expect(use().conversation, 'without the 16 of the second either').toBe(18);
  await answer(1028, 8);
  expect(use().conversation, 'a prompt that was read after it is as long as it says').toBe(36);
});

it('leaves the system message in place where the first turn is deleted', async () => {
  const { chat, answer, use } = await talking();
  chat.getState().changeSettings({ system: 'x'.repeat('What?That.'.length) });
  await answer(25, 5);
  await answer(40, 5);
  chat.getState().forgetFirst();
  expect(use().conversation, 'half of the first 30 was the system message').toBe(30);
});

it('counts an answer without its thoughts, which the next prompt leaves out', async () => {
  const { chat, worker, answer, use } = await talking();
  // A quarter of its characters are the answer.
  await answer(20, 40, `<think>${'x'.repeat(15)}</think>${'y'.repeat(10)}`);
  expect(use().conversation).toBe(30);
  void chat.getState().ask('And?');
  await new Promise((resolve) => setTimeout(resolve));
  await worker.turns
    .at(-1)
    ?.finish({ stopReason: 'stopped', text: '<think>Well', promptTokens: 35, newTokens: 3, ttft: TTFT });
  expect(use().conversation, 'a question whose answer has no word is left out').toBe(30);
});

it('counts a continued answer without the thoughts that were in its prompt', async () => {
  const { chat, worker, use } = await talking();
  void chat.getState().ask('What?');
  await new Promise((resolve) => setTimeout(resolve));
  await worker.turns[0]?.finish({
    text: `<think>${'x'.repeat(15)}</think>`,
    stopReason: 'length',
    promptTokens: 20,
    newTokens: 30,
    ttft: TTFT,
  });
  void chat.getState().resume(chat.getState().order.at(-1) ?? '');
  await new Promise((resolve) => setTimeout(resolve));
  await worker.turns[1]?.finish({ text: 'y'.repeat(10), promptTokens: 50, newTokens: 10, ttft: TTFT });
  expect(use().conversation).toBe(30);
});
