import { beforeEach, expect, it } from 'vitest';
import { after, coded, lastAnswer, readyStores, TTFT } from './scripted-engine.test-support';

const REPORT = {
  promptTokens: 4,
  tspLayer: 0,
  propagated: Uint32Array.of(0, 3),
  kept: [[Uint32Array.of(0, 3)]],
};

let stores: Awaited<ReturnType<typeof readyStores>>;
const ask = (question: string) => after(() => void stores.chat.getState().ask(question));
const turn = (index: number) => stores.worker.turns[index] ?? expect.fail(`turn ${index} was never sent`);
const shown = () => stores.selection.getState();

beforeEach(async () => {
  stores = await readyStores();
  stores.worker.selection = REPORT;
});

it('is fetched once a turn is over, and says which answer it belongs to', async () => {
  await ask('One?');
  expect(shown().report).toBeUndefined();
  await turn(0).finish({ text: '1', ttft: TTFT });
  expect(shown()).toEqual({ answerId: lastAnswer(stores.chat).id, report: REPORT });
});

it('stays that of the turn before while the next one reads, and when that one is stopped or fails', async () => {
  await ask('One?');
  await turn(0).finish({ text: '1', ttft: TTFT });
  const before = shown();
  stores.worker.selection = { ...REPORT, promptTokens: 9 };
  await ask('Two?');
  expect(shown()).toBe(before);
  await turn(1).finish({ stopReason: 'stopped' });
  expect(shown()).toBe(before);
  await ask('Three?');
  turn(2).emit({ type: 'first-token', ttft: TTFT });
  await turn(2).fail(coded('internal', 'It broke.'));
  expect(shown()).toBe(before);
});

it('goes with the engine', async () => {
  await ask('One?');
  await turn(0).finish({ text: '1', ttft: TTFT });
  await stores.worker.loseDevice({ code: 'device-lost', message: 'gone' });
  expect(shown()).toEqual({ answerId: undefined, report: undefined });
});
