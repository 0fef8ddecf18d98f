import { createElement } from 'react';
import { beforeEach, expect, it } from 'vitest';
import type { SelectionReport, TurnResult } from '../../protocol';
import { markupOf, pageStores } from '../static-markup.test-support';
import { conversationOf } from '../store/chat-store';
import { after, memoryOf, MODEL, TTFT } from '../store/scripted-engine.test-support';
import { Inspector } from './inspector';

type Page = Awaited<ReturnType<typeof pageStores>>;
let page: Page;
const ask = (question: string) => after(() => void page.stores.chat.getState().ask(question));
const turn = (index: number) => page.worker.turns[index] ?? expect.fail(`turn ${index} was never sent`);
const drawn = () =>
  markupOf(page.stores, createElement(Inspector, { open: true, onClose: () => undefined }))
    .replaceAll('\u00a0', ' ')
    .replaceAll('<!-- -->', '');
/** The text of a figure. */
const figure = (testId: string) => new RegExp(`data-testid="${testId}">([^<]*)`).exec(drawn())?.[1];
/** The label before it. */
const labelOf = (testId: string) =>
  new RegExp(`([^<>]+)</dt><dd[^>]*data-testid="${testId}"`).exec(drawn())?.[1];

const WHOLE = { tspLayer: undefined, propagatedTokens: 198, coverage: undefined };
const PART = { tspLayer: 2, propagatedTokens: 200, coverage: undefined };

async function answered(change: Partial<TurnResult>): Promise<void> {
  const index = page.worker.turns.length;
  await ask('What?');
  await turn(index).finish({ text: '1', ttft: TTFT, promptTokens: 1000, newTokens: 1, ...change });
}

beforeEach(async () => {
  page = await pageStores({ ...MODEL, layers: 6, kv: { ...MODEL.kv, tspLayer: 2 } });
});

it('names the parts of the first wait so that each is true, whatever was selected', async () => {
  await answered({ compression: PART });
  expect([labelOf('ttft-lower-ms'), labelOf('ttft-upper-ms')]).toEqual([
    'Layers 0–2, new tokens',
    'Layers above 2, selected',
  ]);
  await answered({ compression: WHOLE });
  expect([labelOf('ttft-lower-ms'), labelOf('ttft-upper-ms')]).toEqual(['Layers 0–2', 'Layers above 2']);
  await answered({ compression: WHOLE, ttft: { ...TTFT, upperMs: 0 } });
  expect([labelOf('ttft-lower-ms'), labelOf('ttft-upper-ms')]).toEqual(['All layers', 'Layers above T']);
});

it('gives a share only where a part of the prompt was chosen', async () => {
  await answered({ compression: PART });
  expect(figure('propagated-tokens')).toBe('200 tokens, 20 %');
  await answered({ compression: WHOLE });
  expect(figure('propagated-tokens')).toBe('all 198 tokens, none chosen');
});

it('says why there is no coverage', async () => {
  await answered({ compression: PART });
  expect(figure('coverage')).toBe('– first question');
  await answered({ compression: WHOLE });
  expect(figure('coverage')).toBe('– all went on');
  await answered({ compression: PART });
  expect(figure('coverage')).toBe('– none before');
  await answered({ compression: { ...PART, coverage: 0.4 } });
  expect(figure('coverage')).toBe('40 %');
});

it('shows dashes after a stop while reading, and T as it was set', async () => {
  await ask('What?');
  const memory = memoryOf(0);
  await turn(0).finish({
    stopReason: 'stopped',
    prefillTokensPerSecond: 0,
    decodeTokensPerSecond: 0,
    compression: { ...WHOLE, propagatedTokens: 0 },
    memory: { ...memory, kv: { ...memory.kv, trunkBytes: 0, fullBytes: 0 } },
  });
  for (const name of [
    'ttft-ms',
    'decode-tps',
    'prefill-tps',
    'kv-hot-bytes',
    'kv-full-bytes',
    'kv-trunk-bytes',
  ])
    expect(figure(name), name).toBe('–');
  for (const name of ['kv-held-bytes', 'propagated-tokens', 'coverage']) expect(figure(name), name).toBe('–');
  expect(figure('tsp-layer')).toBe('2, as set');
});

it('sums up what is held, and says so where that is more than the full cache', async () => {
  await answered({ memory: memoryOf(500) });
  expect(figure('kv-held-bytes')).toBe('800 B, 80 % of full');
  expect(drawn()).toContain('class="kv-mark" style="left:100%"');
  expect(drawn()).not.toContain('More than the full cache');
  await answered({ memory: memoryOf(950) });
  expect(figure('kv-held-bytes')).toBe('1.22 KiB, 125 % of full');
  expect(drawn()).toContain('class="kv-mark" style="left:80%"');
  expect(drawn()).toContain('More than the full cache');
});

it('leaves the reading speed out where most of the prompt was in the cache', async () => {
  await answered({ reusedTokens: 0, prefillTokensPerSecond: 812 });
  expect([figure('read-tokens'), figure('prefill-tps')]).toEqual(['1,000', '812 tok/s']);
  await answered({ reusedTokens: 990, prefillTokensPerSecond: 3 });
  expect([figure('read-tokens'), figure('prefill-tps')]).toEqual(['10', '–']);
});

it('says that entries of the answer are counted in, and whose cache is shown in another chat', async () => {
  await answered({});
  expect(drawn()).toContain('The answer counts too');
  expect(drawn()).not.toContain('held for the previous chat');
  const answeredBefore = conversationOf(page.stores.chat.getState());
  page.stores.chat.getState().newChat();
  expect(drawn()).toContain('held for the previous chat');
  page.stores.chat.getState().show({ ...answeredBefore, id: 'another' });
  expect(drawn()).toContain('held for the previous chat');
  page.stores.chat.getState().show(answeredBefore);
  expect(drawn()).not.toContain('held for the previous chat');
  await after(() => void page.stores.chat.getState().ask('And?'));
  page.stores.chat.getState().newChat();
  expect(drawn()).toContain('of the chat that is being answered');
  page.stores.chat.getState().show({ ...answeredBefore, id: 'another' });
  expect(drawn()).toContain('of the chat that is being answered');
});

it('notes when nothing but what is always kept was kept', async () => {
  const report = (...positions: number[]): SelectionReport => ({
    promptTokens: 12,
    tspLayer: 0,
    propagated: undefined,
    kept: [[Uint32Array.from(positions)]],
  });
  page.worker.selection = report(0, 1, 10, 11);
  await answered({});
  expect(drawn()).toContain('the first 2 and the last 2 of 12 tokens, and nothing of the text between them');
  page.worker.selection = report(0, 1, 5, 10, 11);
  await answered({});
  expect(drawn()).not.toContain('nothing of the text between them');
});
