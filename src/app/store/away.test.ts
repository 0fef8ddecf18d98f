import { beforeEach, expect, it } from 'vitest';
import { runningId } from './away';
import { conversationOf, isFree, isIdle } from './chat-store';
import { after, coded, lastAnswer, memoryOf, MODEL, readyStores, TTFT } from './scripted-engine.test-support';

let stores: Awaited<ReturnType<typeof readyStores>>;
const state = () => stores.chat.getState();
const answer = () => lastAnswer(stores.chat);
const turn = (index: number) => stores.worker.turns[index] ?? expect.fail(`turn ${index} was never sent`);
const ask = (question: string) => after(() => void state().ask(question));
const write = (text: string) => turn(0).emit({ type: 'text', text, newTokens: 1, decodeTokensPerSecond: 40 });
/** Back to the chat that was left for a new one. */
const back = () => state().show(state().away?.conversation ?? expect.fail('it is gone'));

beforeEach(async () => {
  stores = await readyStores();
  await ask('Old?');
  write('Sil');
});

it('goes on being answered where it is left, and is there as it is by then', async () => {
  const { id, activeId } = state();
  const then = conversationOf(state());
  state().newChat();
  expect(stores.worker.stops).toBe(0);
  expect(state()).toMatchObject({ order: [], activeId: undefined });
  write('ver');
  turn(0).emit({ type: 'memory', memory: memoryOf(700) });
  expect(state()).toMatchObject({ order: [], messages: {} });
  expect(state().memory?.kv.hotBytes, 'of live buffers, whoever they are for').toBe(700);
  state().show(then);
  expect(state()).toMatchObject({ id, activeId, away: undefined });
  expect(answer()).toMatchObject({ text: 'Silver', answer: { state: 'writing' } });
  await turn(0).finish({ text: 'Silver.', ttft: TTFT });
  expect(answer()).toMatchObject({ text: 'Silver.', answer: { state: 'done', stopReason: 'end' } });
  expect(state().activeId).toBeUndefined();
});

it('that was answered to its end meanwhile is there with all of it', async () => {
  const { activeId } = state();
  stores.worker.selection = { promptTokens: 4, tspLayer: 0, propagated: Uint32Array.of(0), kept: [] };
  state().newChat();
  await turn(0).finish({ text: 'Silver.', ttft: TTFT });
  expect(isFree(state())).toBe(true);
  expect(stores.selection.getState().answerId, 'which tokens were kept is known of it').toBe(activeId);
  back();
  expect(answer()).toMatchObject({ text: 'Silver.', answer: { state: 'done', stopReason: 'end' } });
});

it('keeps the engine: another chat is asked when it is done or stopped, and can be changed meanwhile', async () => {
  state().newChat();
  await ask('New?');
  expect(state().order, 'refused').toEqual([]);
  expect([isIdle(state()), isFree(state())]).toEqual([true, false]);
  await state().stop();
  expect(stores.worker.stops).toBe(1);
  expect(state().stopping).toBe(true);
  await turn(0).finish({ text: 'Sil', stopReason: 'stopped' });
  expect(state().stopping).toBe(false);
  const left = state().away?.conversation;
  await ask('New?');
  expect(turn(1).request.messages).toEqual([{ role: 'user', content: 'New?' }]);
  expect(state().away).toBeUndefined();
  state().show(left ?? expect.fail('it is gone'));
  expect(answer()).toMatchObject({ text: 'Sil', answer: { stopReason: 'stopped' } });
});

it('says there why it failed', async () => {
  state().newChat();
  await turn(0).fail(coded('internal', 'It broke.'));
  expect(isFree(state())).toBe(true);
  back();
  expect(answer()).toMatchObject({ text: 'Sil', answer: { state: 'failed', error: { code: 'internal' } } });
});

it('abandoned is settled, what still comes of it is dropped, and the next turn waits for its end', async () => {
  state().newChat();
  state().abandon();
  expect(stores.worker.stops).toBe(1);
  expect(runningId(state())).toBeUndefined();
  await ask('New?');
  expect(stores.worker.turns).toHaveLength(1);
  write('ver');
  await turn(0).finish({ text: 'Silver', stopReason: 'stopped' });
  expect(turn(1).request.messages).toEqual([{ role: 'user', content: 'New?' }]);
  await turn(1).finish({ text: 'new' });
  expect(answer().text).toBe('new');
});

it('lets a turn be stopped that still waits for the one before', async () => {
  state().newChat();
  state().abandon();
  await ask('New?');
  await state().stop();
  await turn(0).finish({ stopReason: 'stopped' });
  expect(stores.worker.turns).toHaveLength(1);
  expect(answer().answer).toEqual({ state: 'done', stopReason: 'stopped' });
  expect(state().activeId).toBeUndefined();
});

it('is stopped with what was written where another model is loaded, and has failed where the worker died', async () => {
  state().newChat();
  void stores.model.getState().reload();
  await after(() => stores.workers[1]?.loading.resolve(MODEL));
  back();
  expect(answer()).toMatchObject({ text: 'Sil', answer: { state: 'done', stopReason: 'stopped' } });

  await ask('Again?');
  state().newChat();
  await stores.workers[1]?.die({ code: 'internal', message: "The engine's worker stopped" });
  back();
  expect(answer().answer).toMatchObject({ state: 'failed', error: { code: 'internal' } });
});
