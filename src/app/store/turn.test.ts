import { describe, expect, it } from 'vitest';
import { after, coded, lastAnswer, readyStores, resultOf, TTFT } from './scripted-engine.test-support';
import { applyEvents, applyResult, type TurnView } from './turn';

const BEGUN: TurnView = {
  answer: {
    ...{ id: 'a', role: 'assistant', parentId: 'q', createdAt: 0, text: '', figures: {} },
    answer: { state: 'writing' },
  },
  continued: undefined,
  memory: undefined,
};
const write = (view: TurnView, text: string, now: number) =>
  applyEvents(view, [{ type: 'text', text, newTokens: 1, decodeTokensPerSecond: 1 }], now);

it('times a thought from its beginning to its end', () => {
  const thinking = write(write(BEGUN, '<think>', 1000), 'So', 4000);
  expect(thinking.answer.figures).toMatchObject({ thinkingSince: 1000 });
  const { thinkingSince, thoughtMs } = write(thinking, '</think>Yes', 13_000).answer.figures;
  expect([thinkingSince, thoughtMs]).toEqual([undefined, 12_000]);
});

it('keeps the time of a thought, and ends one that the end of the turn cut off', () => {
  const text = '<think>So</think>Yes';
  const ended = write(write(BEGUN, '<think>', 1000), 'So</think>Yes', 3000);
  expect(applyResult(ended, resultOf({ text, ttft: TTFT }), 9000).answer.figures.thoughtMs).toBe(2000);
  const cut = write(BEGUN, '<think>So', 1000);
  const { thinkingSince, thoughtMs } = applyResult(
    cut,
    resultOf({ text: '<think>So', ttft: TTFT, stopReason: 'stopped' }),
    5000,
  ).answer.figures;
  expect([thinkingSince, thoughtMs]).toEqual([undefined, 4000]);
});

it('times no answer that came without a thought', () => {
  expect(write(BEGUN, 'Yes', 1000).answer.figures).not.toHaveProperty('thinkingSince');
});

describe('a thought that a turn', () => {
  const think = async () => {
    const { chat, worker } = await readyStores();
    await after(() => void chat.getState().ask('What?'));
    const turn = worker.turns[0] ?? expect.fail('the turn was never sent');
    turn.emit({ type: 'text', text: '<think>So', newTokens: 1, decodeTokensPerSecond: 40 });
    expect(lastAnswer(chat).figures.thinkingSince).toBeDefined();
    return { chat, turn };
  };

  it('leaves open as it fails is timed, and goes on from there', async () => {
    const { chat, turn } = await think();
    await turn.fail(coded('internal', 'Broken.'));
    const { thinkingSince, thoughtMs } = lastAnswer(chat).figures;
    expect([thinkingSince, thoughtMs]).toEqual([undefined, expect.any(Number)]);
    await after(() => void chat.getState().resume(lastAnswer(chat).id));
    expect(lastAnswer(chat).figures.thoughtMs).toBe(thoughtMs);
  });

  it('leaves open as its chat is deleted is timed', async () => {
    const { chat } = await think();
    chat.getState().newChat();
    chat.getState().abandon();
    chat.getState().show(chat.getState().away?.conversation ?? expect.fail('it is gone'));
    const { thinkingSince, thoughtMs } = lastAnswer(chat).figures;
    expect([thinkingSince, thoughtMs]).toEqual([undefined, expect.any(Number)]);
  });
});
