import { beforeEach, expect, it } from 'vitest';
import { createMemoryHistory, MOST_SAMPLES, MOST_TURNS, type MemoryHistoryStore } from './memory-history';
import { after, memoryOf, readyStores, TTFT } from './scripted-engine.test-support';

let page: Awaited<ReturnType<typeof readyStores>>;
let history: MemoryHistoryStore;
let clock: number;

beforeEach(async () => {
  page = await readyStores();
  clock = 0;
  history = createMemoryHistory(page.chat, () => clock);
});

const ask = () => after(() => void page.chat.getState().ask('What?'));
const report = (ms: number, hotBytes: number) => {
  clock = ms;
  page.worker.turns.at(-1)?.emit({ type: 'memory', memory: memoryOf(hotBytes) });
};
const finish = (hotBytes: number) => page.worker.turns.at(-1)?.finish({ memory: memoryOf(hotBytes) });
const lists = () => [...history.getState().byAnswer.values()];

it('samples a turn from its beginning on, at most ten times a second, and with its very last report', async () => {
  clock = 5000;
  await ask();
  for (const [ms, hot] of [
    [5000, 1],
    [5050, 2],
    [5099, 3],
    [5100, 4],
    [5150, 5],
  ] as const)
    report(ms, hot);
  clock = 5160;
  await finish(6);
  expect(lists()[0]?.map(({ ms, hotBytes }) => [ms, hotBytes])).toEqual([
    [0, 1],
    [100, 4],
    [160, 6],
  ]);
});

it('keeps each turn under its answer, and gives none the report of the turn before', async () => {
  await ask();
  report(0, 1);
  await finish(2);
  await ask();
  clock += 500;
  await finish(9);
  expect(lists().map((samples) => samples.map(({ hotBytes }) => hotBytes))).toEqual([[1, 2], [9]]);
  const answers = page.chat.getState().order.filter((_, index) => index % 2 === 1);
  expect([...history.getState().byAnswer.keys()]).toEqual(answers);
});

it('counts a parked trunk as outside the GPU', async () => {
  await ask();
  const memory = memoryOf(1);
  page.worker.turns[0]?.emit({
    type: 'memory',
    memory: { ...memory, kv: { ...memory.kv, parkedBytes: 300 } },
  });
  expect(lists()[0]?.[0]).toMatchObject({ trunkBytes: 0, scratchBytes: 10, fullBytes: 1000 });
});

it('thins a long turn out evenly instead of growing, with its first and last sample in place', async () => {
  await ask();
  for (let index = 0; index < 5 * MOST_SAMPLES; index++) report(index * 100, index);
  const samples = lists()[0] ?? [];
  expect(samples.length).toBeLessThanOrEqual(MOST_SAMPLES);
  expect(samples.length).toBeGreaterThan(MOST_SAMPLES / 4);
  expect(samples[0]?.ms).toBe(0);
  const gaps = samples.slice(1).map(({ ms }, index) => ms - (samples[index]?.ms ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * Math.min(...gaps.slice(0, -1)));
});

it('forgets the oldest of very many turns', async () => {
  for (let turn = 0; turn < MOST_TURNS + 3; turn++) {
    await ask();
    await finish(turn);
  }
  expect(lists()).toHaveLength(MOST_TURNS);
  expect(lists().at(-1)?.at(-1)?.hotBytes).toBe(MOST_TURNS + 2);
});

it('begins anew where an answer is continued, so that time never goes back', async () => {
  await ask();
  report(0, 1);
  report(900, 2);
  await page.worker.turns[0]?.finish({
    text: 'It is',
    stopReason: 'length',
    newTokens: 2,
    ttft: TTFT,
    memory: memoryOf(3),
  });
  clock = 5000;
  await after(() => void page.chat.getState().resume(page.chat.getState().order.at(-1) ?? ''));
  report(5200, 4);
  expect(lists().map((samples) => samples.map(({ ms, hotBytes }) => [ms, hotBytes]))).toEqual([[[200, 4]]]);
});
