import { beforeEach, expect, it } from 'vitest';
import { calibrate, promptsAtHand, stopCalibration } from './calibration';
import { EMPTY_CONVERSATION, type AttachedDocument } from './conversation';
import { settingsFor } from './kv-store';
import { createSamplesStore } from './samples-store';
import { after, coded, KV, memoryOf, MODEL, readyStores, TTFT } from './scripted-engine.test-support';

const text = (name: string, tokens: number | undefined, ...questions: string[]): AttachedDocument => ({
  name,
  text: `The ${name}.`,
  tokens,
  questions,
});
const RESULT = {
  steps: [
    { tspLayer: 0, distance: 4, work: 0.5 },
    { tspLayer: 1, distance: 1, work: 1 },
  ],
  suggested: 1,
};

type Stores = Awaited<ReturnType<typeof readyStores>> & { samples: ReturnType<typeof createSamplesStore> };
let stores: Stores;
const state = () => stores.kv.getState().calibration;
const tspLayer = () => settingsFor(stores.kv.getState(), MODEL).tspLayer;
const call = (index = 0) => stores.worker.calibrations[index] ?? expect.fail('was never asked for');
const start = () => after(() => void calibrate(stores));

beforeEach(async () => {
  const samples = createSamplesStore();
  samples.setState({ state: 'ready', samples: [text('sample', 1000, 'Who?')] });
  stores = { ...(await readyStores()), samples };
});

it('tells how far it is, then puts the suggested layer to use and remembers it', async () => {
  await start();
  expect(call()).toMatchObject({ prompts: ['The sample.\n\nWho?'], kv: KV });
  call().step(1, 3);
  expect(state()).toEqual({ state: 'running', done: 1, total: 3, stopping: false });
  await call().finish(RESULT);
  expect(state()).toEqual({ state: 'done', result: RESULT, stopped: false });
  expect(tspLayer()).toBe(1);
  expect(stores.kv.getState().tspLayers).toEqual({ 'Demo model': 1 });
  // A step that comes late is no step of the next one.
  call().step(2, 3);
  expect(state().state).toBe('done');
  await start();
  call().step(3, 3);
  expect(state()).toMatchObject({ state: 'running', done: 0 });
});

it('stopped early shows what it found and changes nothing', async () => {
  await start();
  stopCalibration(stores);
  expect(stores.worker.stops).toBe(1);
  expect(state()).toMatchObject({ stopping: true });
  await call().finish(RESULT);
  expect(state()).toMatchObject({ state: 'done', stopped: true });
  expect(tspLayer()).toBe(0);
});

it('and a turn keep out of each other’s way', async () => {
  const { chat, worker } = stores;
  await after(() => void chat.getState().ask('One?'));
  await start();
  expect(worker.calibrations).toHaveLength(0);
  await worker.turns[0]?.finish({ text: '1' });
  await start();
  await after(() => void chat.getState().ask('Two?'));
  expect(worker.turns).toHaveLength(1);
  expect(chat.getState().order).toHaveLength(2);
  await call().finish(RESULT);
  await after(() => void chat.getState().ask('Two?'));
  expect(worker.turns[1]?.request.kv).toMatchObject({ tspLayer: 1 });
});

it('takes with it what was reported of the conversation’s cache', async () => {
  const { chat, worker, selection } = stores;
  worker.selection = { promptTokens: 12, tspLayer: undefined, propagated: undefined, kept: undefined };
  await after(() => void chat.getState().ask('One?'));
  await worker.turns[0]?.finish({ text: '1', ttft: TTFT, memory: memoryOf(500) });
  expect(selection.getState().report).toBeDefined();
  await start();
  await call().finish(RESULT);
  expect(selection.getState().report).toBeUndefined();
  expect(chat.getState().memory).toBeUndefined();
});

it('says why it failed, also when the device is lost meanwhile', async () => {
  await start();
  await call().fail(coded('bad-argument', 'No such layer.'));
  expect(state()).toEqual({
    state: 'failed',
    error: { code: 'bad-argument', message: 'No such layer.' },
  });
  await start();
  await stores.worker.loseDevice({ code: 'device-lost', message: 'gone' });
  expect(state()).toMatchObject({ state: 'failed', error: { code: 'device-lost' } });
});

it('reads the conversation’s document first, then the samples, each with a question', () => {
  const own = text('letter', 900);
  const samples = [text('sample', 1000, 'Who?'), text('letter', 900, 'Why?')];
  const conversation = {
    ...EMPTY_CONVERSATION,
    document: own,
    order: ['a'],
    messages: { a: { id: 'a', role: 'user', question: 'When?' } as const },
  };
  expect(promptsAtHand(conversation, samples, 256)).toEqual(['The letter.\n\nWhen?', 'The sample.\n\nWho?']);
});

it('leaves out texts that are kept whole, unless there are no others', () => {
  const short = text('short', 100, 'What?');
  const uncounted = text('uncounted', undefined, 'Which?');
  expect(promptsAtHand(EMPTY_CONVERSATION, [short, uncounted], 256)).toEqual(['The uncounted.\n\nWhich?']);
  expect(promptsAtHand(EMPTY_CONVERSATION, [short], 256)).toEqual(['The short.\n\nWhat?']);
});
