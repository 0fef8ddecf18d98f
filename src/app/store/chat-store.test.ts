import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../protocol';
import { conversationOf } from './chat-store';
import { changeKv } from './settings';
import {
  after,
  coded,
  KV,
  lastAnswer,
  memoryOf,
  MODEL,
  readyStores,
  TTFT,
} from './scripted-engine.test-support';

const DOCUMENT = { name: 'notes.txt', text: 'The lamp is silver.', tokens: 5, questions: [] };
const READING: EngineEvent = {
  type: 'reading',
  doneTokens: 4,
  totalTokens: 10,
  reusedTokens: 2,
  tokensPerSecond: 100,
  secondsLeft: 0.06,
};

type Stores = Awaited<ReturnType<typeof readyStores>>;
let stores: Stores;
const state = () => stores.chat.getState();
const answer = () => lastAnswer(stores.chat);
const turn = (index: number) => stores.worker.turns[index] ?? expect.fail(`turn ${index} was never sent`);
/** Asks, and lets the engine hear of it. */
const ask = (question: string) => after(() => void state().ask(question));

beforeEach(async () => {
  stores = await readyStores();
});

describe('a turn', () => {
  it('goes from reading to writing to done, with its figures', async () => {
    await ask(' What color? ');
    expect(answer().answer).toEqual({ state: 'reading', progress: undefined });
    expect(turn(0).request.messages).toEqual([{ role: 'user', content: 'What color?' }]);

    turn(0).emit(READING, { type: 'memory', memory: memoryOf(100) });
    expect(answer().answer).toMatchObject({ state: 'reading', progress: { doneTokens: 4, totalTokens: 10 } });
    expect(answer().figures).toMatchObject({ promptTokens: 12, reusedTokens: 2 });
    expect(state().memory?.kv.hotBytes).toBe(100);

    turn(0).emit({ type: 'first-token', ttft: TTFT });
    turn(0).emit({ type: 'text', text: 'Sil', newTokens: 1, decodeTokensPerSecond: 40 });
    turn(0).emit({ type: 'text', text: 'ver.', newTokens: 2, decodeTokensPerSecond: 41 });
    expect(answer()).toMatchObject({
      text: 'Silver.',
      answer: { state: 'writing' },
      figures: { ttft: TTFT, newTokens: 2, decodeTokensPerSecond: 41 },
    });

    const compression = { tspLayer: 0, propagatedTokens: 9, coverage: undefined };
    await turn(0).finish({ text: 'Silver.', ttft: TTFT, newTokens: 3, compression });
    expect(answer()).toMatchObject({ text: 'Silver.', answer: { state: 'done', stopReason: 'end' } });
    expect(answer().figures).toMatchObject({ newTokens: 3, compression, kv: KV });
    expect(state()).toMatchObject({ activeId: undefined, stopping: false });
    expect(state().memory?.kv.hotBytes).toBe(500);
  });

  it('touches no other message while it streams', async () => {
    await ask('One?');
    await turn(0).finish({ text: '1' });
    const [question, first] = state().order.map((id) => state().messages[id]);
    await ask('Two?');
    turn(1).emit({ type: 'text', text: '2', newTokens: 1, decodeTokensPerSecond: 40 });
    expect(state().messages[question?.id ?? '']).toBe(question);
    expect(state().messages[first?.id ?? '']).toBe(first);
  });

  it('takes the result for the last word: events that come later change nothing', async () => {
    await ask('What?');
    await turn(0).finish({ text: 'This.' });
    turn(0).emit({ type: 'text', text: 'This.', newTokens: 9, decodeTokensPerSecond: 1 });
    expect(answer()).toMatchObject({ text: 'This.', answer: { state: 'done' } });
  });

  it('is refused while another runs, and without a question or a model', async () => {
    await ask('   ');
    expect(state().order).toEqual([]);
    await ask('One?');
    await ask('Two?');
    expect(state().order).toHaveLength(2);
    await stores.worker.loseDevice({ code: 'device-lost', message: 'gone' });
    await ask('Three?');
    expect(stores.worker.turns).toHaveLength(1);
  });

  it('sends the conversation so far, the document at its head', async () => {
    state().attach(DOCUMENT);
    await ask('What color?');
    await turn(0).finish({ text: 'Silver.' });
    await ask('Sure?');
    expect(turn(1).request.messages).toEqual([
      { role: 'user', content: 'The lamp is silver.\n\nWhat color?' },
      { role: 'assistant', content: 'Silver.' },
      { role: 'user', content: 'Sure?' },
    ]);
  });
});

it('a document that is more than the model can read is not sent', async () => {
  state().attach({ ...DOCUMENT, tokens: MODEL.contextLength });
  await ask('What color?');
  expect(state().order).toEqual([]);
  state().detach(state().documents[0]?.id ?? '');
  state().attach({ ...DOCUMENT, text: 'Shorter.', tokens: MODEL.contextLength - 1 });
  await ask('What color?');
  expect(stores.worker.turns).toHaveLength(1);
});

describe('settings', () => {
  it('hold from the next message: a running turn keeps the ones that it was sent with', async () => {
    await ask('One?');
    turn(0).emit({ type: 'text', text: '1', newTokens: 1, decodeTokensPerSecond: 40 });
    changeKv(stores, { retain: 0.5, tspLayer: 1 });
    await turn(0).finish({ text: '1' });
    expect(turn(0).request.kv).toEqual(KV);
    expect(answer().figures.kv).toEqual(KV);
    await ask('Two?');
    expect(turn(1).request.kv).toEqual({ ...KV, retain: 0.5, tspLayer: 1 });
  });

  it('are no reason to load the model again', async () => {
    changeKv(stores, { turnMode: 'full' });
    await ask('One?');
    expect(stores.workers).toHaveLength(1);
    expect(turn(0).request.kv).toMatchObject({ turnMode: 'full' });
  });
});

describe('stopping', () => {
  it('while reading leaves an empty answer, and the next prompt does without it', async () => {
    state().attach(DOCUMENT);
    await ask('What color?');
    turn(0).emit(READING);
    await state().stop();
    expect(state().stopping).toBe(true);
    expect(stores.worker.stops).toBe(1);
    turn(0).emit({ type: 'text', text: '', newTokens: 0, decodeTokensPerSecond: 0 });
    await turn(0).finish({ stopReason: 'stopped' });
    expect(answer()).toMatchObject({ text: '', answer: { state: 'done', stopReason: 'stopped' } });
    expect(state().stopping).toBe(false);
    // Not noughts for what was never measured, and how far it had come.
    expect(answer().figures).toEqual({
      kv: KV,
      documentTokens: 5,
      promptTokens: 12,
      reusedTokens: 0,
      stoppedAt: 0.4,
    });

    await ask('Who keeps it?');
    expect(turn(1).request.messages).toEqual([
      { role: 'user', content: 'The lamp is silver.\n\nWho keeps it?' },
    ]);
  });

  it('while writing keeps the part', async () => {
    await ask('What color?');
    turn(0).emit({ type: 'text', text: 'Sil', newTokens: 1, decodeTokensPerSecond: 40 });
    await state().stop();
    await turn(0).finish({ text: 'Sil', stopReason: 'stopped', ttft: TTFT });
    expect(answer()).toMatchObject({ text: 'Sil', answer: { stopReason: 'stopped' } });
  });
});

describe('a failed turn', () => {
  beforeEach(async () => {
    await ask('What color?');
    await turn(0).fail(coded('context-exceeded', 'Too long.'));
  });

  it('shows its code in the transcript and leaves the page usable', async () => {
    expect(answer().answer).toEqual({
      state: 'failed',
      error: { code: 'context-exceeded', message: 'Too long.' },
    });
    expect(stores.model.getState().status.state).toBe('ready');
    await ask('Shorter?');
    expect(turn(1).request.messages).toEqual([{ role: 'user', content: 'Shorter?' }]);
  });

  it('can be asked again in its own place', async () => {
    await after(() => void state().regenerate(answer().id));
    expect(Object.keys(state().messages)).toHaveLength(2);
    expect(turn(1).request.messages).toEqual([{ role: 'user', content: 'What color?' }]);
  });

  it('can be asked again without the document that was too long', async () => {
    state().newChat();
    state().attach(DOCUMENT);
    await ask('What color?');
    await turn(1).fail(coded('context-exceeded', 'Too long.'));
    state().detach(state().documents[0]?.id ?? '');
    await after(() => void state().regenerate(answer().id));
    expect(turn(2).request.messages).toEqual([{ role: 'user', content: 'What color?' }]);
  });

  it('can be asked with other words in its place', async () => {
    await after(() => void state().resend(state().order[0] ?? '', ' Which? '));
    expect(Object.keys(state().messages)).toHaveLength(2);
    expect(turn(1).request.messages).toEqual([{ role: 'user', content: 'Which?' }]);
  });
});

it('ends a turn whose worker dies or whose device is lost, and keeps the conversation', async () => {
  await ask('What color?');
  turn(0).emit({ type: 'memory', memory: memoryOf(100) });
  turn(0).emit({ type: 'text', text: 'Sil', newTokens: 1, decodeTokensPerSecond: 40 });
  await stores.worker.loseDevice({ code: 'device-lost', message: 'gone' });
  expect(answer()).toMatchObject({
    text: 'Sil',
    answer: { state: 'failed', error: { code: 'device-lost' } },
  });
  expect(state()).toMatchObject({ activeId: undefined, memory: undefined });

  await after(() => stores.workers[1]?.loading.resolve(MODEL));
  await after(() => void state().regenerate(answer().id));
  expect(stores.workers[1]?.turns).toHaveLength(1);
});

it('a load during a turn stops the turn, and the answer can be gone on with', async () => {
  await ask('What color?');
  turn(0).emit({ type: 'text', text: 'Sil', newTokens: 1, decodeTokensPerSecond: 40 });
  void stores.model.getState().reload();
  await after(() => stores.workers[1]?.loading.resolve(MODEL));
  expect(answer()).toMatchObject({
    text: 'Sil',
    answer: { state: 'done', stopReason: 'stopped' },
  });
  expect(state().activeId).toBeUndefined();
  expect(stores.model.getState().status.state).toBe('ready');

  await after(() => void state().resume(answer().id));
  expect(stores.workers[1]?.turns).toHaveLength(1);
});

describe('a new chat', () => {
  it('leaves the last one, which can be shown again', async () => {
    state().attach(DOCUMENT);
    await ask('What color?');
    await turn(0).finish({ text: 'Silver.' });
    const left = conversationOf(state());
    state().newChat();
    expect(state()).toMatchObject({ order: [], documents: [], title: '' });
    // Of live buffers, which the engine still holds.
    expect(state().memory?.kv.hotBytes).toBe(500);
    state().show(left);
    expect(state()).toMatchObject({ ...left, notice: undefined });
    expect(state().memory?.kv.hotBytes).toBe(500);
  });

  it('has nothing to say of an empty one', () => {
    state().newChat();
    expect(state().notice).toBeUndefined();
  });
});

describe('documents', () => {
  const MORE = { ...DOCUMENT, name: 'more.txt', text: 'The door is red.' };

  it('attached to a running conversation join it, and go with its next question', async () => {
    state().attach(DOCUMENT);
    await ask('What color?');
    await turn(0).finish({ text: 'Silver.' });
    state().attach(MORE);
    expect(state().order).toHaveLength(2);
    await ask('And the door?');
    const [first, second] = state().documents.map(({ id }) => id);
    expect(state().order.map((id) => state().messages[id])).toMatchObject([
      { documentIds: [first] },
      {},
      { documentIds: [second] },
      {},
    ]);
    expect(turn(1).request.messages[0]?.content).toContain('# more.txt\n\nThe door is red.\n\nWhat color?');
  });

  it('are attached once, and detached one by one', () => {
    state().attach(DOCUMENT);
    state().attach(DOCUMENT);
    state().attach(MORE);
    expect(state().documents.map(({ name }) => name)).toEqual(['notes.txt', 'more.txt']);
    state().detach(state().documents[0]?.id ?? '');
    expect(state().documents.map(({ name }) => name)).toEqual(['more.txt']);
  });
});

describe('branches', () => {
  const texts = () =>
    state().order.map((id) => {
      const message = state().messages[id];
      return message?.role === 'user' ? message.question : message?.text;
    });
  const say = async (index: number, question: string, text: string) => {
    await ask(question);
    await turn(index).finish({ text });
  };

  beforeEach(async () => {
    await say(0, 'One?', '1');
    await say(1, 'Two?', '2');
  });

  it('of an answer: another stands beside it, and what followed the first stays there', async () => {
    const first = state().order[1] ?? '';
    await after(() => void state().regenerate(first));
    expect(turn(2).request.messages).toEqual([{ role: 'user', content: 'One?' }]);
    await turn(2).finish({ text: 'uno' });
    expect(texts()).toEqual(['One?', 'uno']);
    state().showSibling(state().order[1] ?? '', -1);
    expect(texts()).toEqual(['One?', '1', 'Two?', '2']);
    state().showSibling(first, -1);
    expect(texts()).toEqual(['One?', '1', 'Two?', '2']);
    state().showSibling(first, 1);
    expect(texts()).toEqual(['One?', 'uno']);
  });

  it('of a question: other words stand beside it, with the same documents', async () => {
    state().attach(DOCUMENT);
    await say(2, 'Three?', '3');
    await after(() => void state().resend(state().order[4] ?? '', 'Third?'));
    expect(turn(3).request.messages.map(({ content }) => content)).toEqual([
      'The lamp is silver.\n\nOne?',
      '1',
      'Two?',
      '2',
      'Third?',
    ]);
    await turn(3).finish({ text: 'III' });
    expect(texts()).toEqual(['One?', '1', 'Two?', '2', 'Third?', 'III']);
    expect(state().messages[state().order[4] ?? '']).toMatchObject({
      documentIds: [state().documents[0]?.id],
    });
    state().showSibling(state().order[4] ?? '', -1);
    expect(texts().slice(4)).toEqual(['Three?', '3']);
  });

  it('are not made or changed while a turn runs', async () => {
    await ask('Three?');
    const { order, messages } = state();
    state().showSibling(order[1] ?? '', 1);
    state().remove(order[0] ?? '');
    await after(() => void state().regenerate(order[1] ?? ''));
    await after(() => void state().resend(order[0] ?? '', 'Other?'));
    expect(state()).toMatchObject({ order, messages });
    expect(stores.worker.turns).toHaveLength(3);
  });

  it('deleted: a message goes with all that followed it, and comes back whole', async () => {
    const before = state();
    state().remove(before.order[1] ?? '');
    expect(texts()).toEqual(['One?']);
    expect(Object.keys(state().messages)).toHaveLength(1);
    state().notice?.undo?.run();
    expect(state()).toMatchObject({
      messages: before.messages,
      order: before.order,
      children: before.children,
      notice: undefined,
    });
  });

  it('deleted: the one beside it is then shown', async () => {
    const first = state().order[1] ?? '';
    await after(() => void state().regenerate(first));
    await turn(2).finish({ text: 'uno' });
    state().remove(state().order[1] ?? '');
    expect(texts()).toEqual(['One?', '1', 'Two?', '2']);
    state().remove(first);
    expect(texts()).toEqual(['One?']);
    await after(() => void state().regenerate(state().order[0] ?? ''));
    expect(turn(3).request.messages).toEqual([{ role: 'user', content: 'One?' }]);
  });
});

describe('going on with an answer', () => {
  const write = (index: number, text: string, newTokens: number) =>
    turn(index).emit({ type: 'text', text, newTokens, decodeTokensPerSecond: 40 });

  beforeEach(async () => {
    await ask('What color?');
    write(0, 'Sil', 1);
    await turn(0).finish({ text: 'Sil', newTokens: 1, stopReason: 'stopped', ttft: TTFT });
  });

  it('sends the written part as the last message, and appends what comes', async () => {
    await after(() => void state().resume(answer().id));
    expect(turn(1).request.messages.at(-1)).toEqual({ role: 'assistant', content: 'Sil' });
    expect(answer()).toMatchObject({ text: 'Sil', answer: { state: 'reading' } });
    write(1, 'ver', 1);
    expect(answer()).toMatchObject({ text: 'Silver', answer: { state: 'writing' } });
    await turn(1).finish({ text: 'ver.', newTokens: 2, ttft: TTFT });
    expect(answer()).toMatchObject({
      text: 'Silver.',
      answer: { state: 'done', stopReason: 'end' },
      figures: { newTokens: 2, earlierTokens: 1 },
    });
    expect(state().order).toHaveLength(2);
  });

  it('stopped before anything more was written leaves it as it was', async () => {
    const before = answer();
    await after(() => void state().resume(before.id));
    await turn(1).finish({ stopReason: 'stopped' });
    expect(answer()).toEqual(before);
  });

  it('keeps the written part where it fails', async () => {
    await after(() => void state().resume(answer().id));
    await turn(1).fail(coded('out-of-memory', 'No room.'));
    expect(answer()).toMatchObject({ text: 'Sil', answer: { state: 'failed' } });
    await after(() => void state().resume(answer().id));
    expect(stores.worker.turns).toHaveLength(3);
  });

  it('is for those that the model did not end itself', async () => {
    await after(() => void state().resume(answer().id));
    await turn(1).finish({ text: 'ver.', ttft: TTFT });
    await after(() => void state().resume(answer().id));
    expect(stores.worker.turns).toHaveLength(2);
  });
});

it('settings of the conversation go with its turns', async () => {
  state().changeSettings({ system: 'Be brief.' });
  state().changeSettings({ sampling: { temperature: 0.5 }, maxNewTokens: 9 });
  await ask('What color?');
  expect(turn(0).request).toMatchObject({
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }],
    sampling: { temperature: 0.5 },
    maxNewTokens: 9,
  });
});

it('brings a removed document back to its place, in its own conversation alone', async () => {
  const { chat } = await readyStores();
  for (const name of ['a', 'b', 'c']) chat.getState().attach({ name, text: name, tokens: 1, questions: [] });
  const before = chat.getState().documents;
  chat.getState().detach(before[1]?.id ?? '');
  const { notice } = chat.getState();
  expect(notice?.text).toBe('Removed b.');
  notice?.undo?.run();
  expect(chat.getState().documents).toEqual(before);
  chat.getState().newChat();
  notice?.undo?.run();
  expect(chat.getState().documents).toEqual([]);
});

it('a document that is counted again to the same number stays the same object', () => {
  state().attach(DOCUMENT);
  const { documents } = state();
  state().setDocumentTokens(documents[0]?.id ?? '', DOCUMENT.tokens);
  expect(state().documents).toBe(documents);
  state().setDocumentTokens(documents[0]?.id ?? '', 6);
  expect(state().documents).toMatchObject([{ tokens: 6 }]);
});
