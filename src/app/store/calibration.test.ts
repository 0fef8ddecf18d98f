import { beforeEach, expect, it } from 'vitest';
import { calibrate, obstacleTo, promptsFrom, stopCalibration, textsAtHand } from './calibration';
import { emptyConversation, type NewDocument } from './conversation';
import { settingsFor } from './kv-store';
import { changeKv } from './settings';
import { createSamplesStore } from './samples-store';
import { after, coded, KV, memoryOf, MODEL, readyStores, TTFT } from './scripted-engine.test-support';

const text = (name: string, tokens: number | undefined, ...questions: string[]): NewDocument => ({
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
const tspLayer = () => settingsFor(stores.kv.getState(), {}, MODEL).tspLayer;
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
  await call().fail(coded('out-of-memory', 'No room.'));
  expect(state()).toEqual({
    state: 'failed',
    error: { code: 'out-of-memory', message: 'No room.' },
  });
  await start();
  await stores.worker.loseDevice({ code: 'device-lost', message: 'gone' });
  expect(state()).toMatchObject({ state: 'failed', error: { code: 'device-lost' } });
});

it('says in a visitor’s words what the engine finds wrong with the prompts', async () => {
  await start();
  await call().fail(coded('bad-argument', 'prompt 0 of 198 tokens goes whole through every layer'));
  const { calibration } = stores.kv.getState();
  const message = calibration.state === 'failed' ? calibration.error.message : '';
  expect(message).toContain('Attach a longer document');
  expect(message).not.toContain('prompt 0');
});

it('reads the conversation’s document first, then the samples, each with a question', () => {
  const own = text('letter', 900);
  const samples = [text('sample', 1000, 'Who?'), text('letter', 900, 'Why?'), text('story', 900)];
  const conversation = {
    ...emptyConversation(),
    documents: [{ ...own, id: 'd' }],
    order: ['a'],
    messages: {
      a: {
        id: 'a',
        role: 'user',
        parentId: undefined,
        createdAt: 0,
        question: 'When?',
        documentIds: ['d'],
      } as const,
    },
  };
  const texts = textsAtHand(conversation, samples);
  expect(promptsFrom(texts, conversation)).toEqual([
    'The letter.\n\nWhen?',
    'The sample.\n\nWho?',
    'The story.\n\nWhat does the document say?',
  ]);
});

it('leaves out texts that would be kept whole or that the model cannot read', async () => {
  const all = [text('note', 100, 'What?'), text('book', 20_000, 'Which?'), text('sample', 1000, 'Who?')];
  stores.samples.setState({ state: 'ready', samples: all });
  await start();
  expect(call().prompts).toEqual(['The sample.\n\nWho?']);
});

it('reads samples only until there is enough to compare, and all documents of the chat', async () => {
  const samples = [text('page', 900), text('story', 4000), text('log', 8000), text('novel', 9000)];
  stores.samples.setState({ state: 'ready', samples });
  await start();
  const asked = (texts: readonly string[]) =>
    texts.map((name) => `The ${name}.\n\nWhat does the document say?`);
  expect(call().prompts).toEqual(asked(['page', 'story']));
  await call().finish(RESULT);
  stores.chat.getState().attach(text('letter', 3000));
  stores.chat.getState().attach(text('answer', 3000));
  await start();
  expect(call(1).prompts).toEqual(asked(['letter', 'answer']));
});

it('is not begun where there is nothing to compare, and says why and what to do', async () => {
  const sample = text('sample', 1090);
  const why = (change: object, texts = [sample], model: object = {}) =>
    obstacleTo(texts, { ...KV, ...change }, { ...MODEL, ...model })?.replaceAll('\u00a0', ' ');
  expect(why({})).toBeUndefined();
  expect(why({ tspRate: 1 })).toContain('Lower the TSP rate');
  expect(why({ budget: 'constant' })).toMatch(/1,090 tokens.*more than 2,048 tokens.*Proportional/);
  expect(why({ budget: 'constant', tspLength: 128 })).toBeUndefined();
  expect(why({ budget: 'constant', capacity: 2048, tspLength: 128 })).toContain('2,048');
  expect(why({}, [text('note', 198)])).toContain('Attach a longer document');
  expect(why({ retain: 0.05, window: 64 })).toContain('Raise the rates');
  expect(why({}, [])).toContain('Attach a document');
  expect(why({}, [text('book', 20_000)])).toContain('Attach a document');
  expect(why({}, [text('fresh', undefined)])).toContain('being counted');
  expect(why({}, [sample], { layers: 1 })).toContain('one layer');

  changeKv(stores, { tspRate: 1 });
  await start();
  expect(stores.worker.calibrations).toHaveLength(0);
  expect(state()).toEqual({ state: 'none' });
});
