import { createElement } from 'react';
import { beforeEach, expect, it } from 'vitest';
import { markupOf, pageStores } from '../static-markup.test-support';
import { after, coded, MODEL, TTFT } from '../store/scripted-engine.test-support';
import { Transcript } from './transcript';

type Page = Awaited<ReturnType<typeof pageStores>>;
let page: Page;
const ask = (question: string) => after(() => void page.stores.chat.getState().ask(question));
const turn = (index: number) => page.worker.turns[index] ?? expect.fail(`turn ${index} was never sent`);
const drawn = () =>
  markupOf(page.stores, createElement(Transcript)).replaceAll('\u00a0', ' ').replaceAll('<!-- -->', '');
const reading = (totalTokens: number, reusedTokens: number) =>
  ({
    type: 'reading',
    doneTokens: totalTokens / 4,
    totalTokens,
    reusedTokens,
    tokensPerSecond: 8,
    secondsLeft: 2,
  }) as const;
const TOO_LONG = coded('context-exceeded', 'It takes 18578 tokens, and this model reads at most 16383.');

beforeEach(async () => {
  page = await pageStores(MODEL);
  page.stores.chat.getState().attach({ name: 'a.txt', text: 'A.', tokens: 9000, questions: [] });
});

it('tells the reading speed of a first prompt, and of a follow-up only how much is new', async () => {
  await ask('What?');
  turn(0).emit(reading(1000, 0));
  expect(drawn()).toContain('<span class="reading-share">25 %</span> · 8.00 tok/s · 2 s left');
  await turn(0).finish({ text: '1', ttft: TTFT });
  await ask('And?');
  turn(1).emit(reading(24, 1000));
  expect(drawn()).toContain('<span class="reading-share">25 %</span> of 24 new tokens · 2 s left');
});

it('says how far reading had come when it was stopped', async () => {
  await ask('What?');
  turn(0).emit(reading(1000, 0));
  await turn(0).finish({ stopReason: 'stopped' });
  expect(drawn()).toContain('Stopped at 25 % of the reading.');
});

it('says of a prompt that was too long what to do, in figures that can be read', async () => {
  await ask('What?');
  await turn(0).fail(TOO_LONG);
  expect(drawn()).toContain('It takes 18,578 tokens, and this model reads at most 16,383.');
  expect(drawn()).not.toContain('<code>');
  expect(drawn()).toContain('Remove a.txt (2 tokens)');
  expect(drawn(), 'of a first turn nothing would be left').not.toMatch(/Delete the first|Start a new chat/);
  await after(
    () => void page.stores.chat.getState().regenerate(page.stores.chat.getState().order.at(-1) ?? ''),
  );
  await turn(1).finish({ text: '1', ttft: TTFT });
  await ask('And?');
  await turn(2).fail(TOO_LONG);
  expect(drawn()).toMatch(/Delete the first question and its answer.*Start a new chat/);
});

it('names the limit that cut an answer off, which holds for each go and not for the whole of it', async () => {
  const cutOff = { text: 'So', newTokens: 64, stopReason: 'length', ttft: TTFT } as const;
  await ask('What?');
  await turn(0).finish({ ...cutOff, newTokens: 7, stopReason: 'stopped' });
  await after(() => void page.stores.chat.getState().resume(page.stores.chat.getState().order.at(-1) ?? ''));
  await turn(1).finish(cutOff);
  expect(drawn()).toContain('Cut off after 64 tokens, the most written at a time.');
  expect(drawn()).toContain('71 tokens');
});

it('gives an answer’s wait in minutes where it was minutes', async () => {
  await ask('What?');
  await turn(0).finish({ text: '1', ttft: { ...TTFT, totalMs: 165_000 } });
  expect(drawn()).toContain('2 min 45 s');
});
