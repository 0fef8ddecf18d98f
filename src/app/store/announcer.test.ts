import { expect, it } from 'vitest';
import { createAnnouncer, speakableLength } from './announcer';
import { after, coded, readyStores, TTFT } from './scripted-engine.test-support';

it('speaks up to the last finished sentence, and the rest once no more comes', () => {
  const spoken = (text: string, before = 0) => text.slice(0, speakableLength(text, before, false));
  expect(spoken('It is sil')).toBe('');
  expect(spoken('It is silver. And')).toBe('It is silver.');
  // A full stop at the very end may yet become 3.14.
  expect(spoken('It is 3.')).toBe('');
  expect(spoken('“Is it?” Yes')).toBe('“Is it?”');
  expect(spoken('**It is silver.** And')).toBe('**It is silver.**');
  // The number of an item, but not of a year.
  expect(spoken('So:\n 1. One of')).toBe('So:\n');
  expect(spoken('It was 1999. And')).toBe('It was 1999.');
  expect(spoken('It is. It was. And', 'It is.'.length)).toBe('It is. It was.');
  expect(speakableLength('It is sil', 0, true)).toBe('It is sil'.length);
});

it('tells a turn by state and sentence, each once, never by token', async () => {
  const { chat, kv, worker } = await readyStores();
  const announcer = createAnnouncer(chat, kv);
  const heard: string[] = [];
  announcer.subscribe(({ text }) => heard.push(text));
  const text = (piece: string) =>
    worker.turns[0]?.emit({ type: 'text', text: piece, newTokens: 1, decodeTokensPerSecond: 1 });

  await after(() => void chat.getState().ask('What?'));
  for (const piece of ['It ', 'is ', 'silver', '. ', 'And ', 'ol']) text(piece);
  await worker.turns[0]?.finish({ text: 'It is silver. And ol', stopReason: 'stopped' });
  expect(heard).toEqual(['Reading.', 'It is silver.', 'And ol Stopped.']);
});

it('speaks no marks of Markdown', async () => {
  const { chat, kv, worker } = await readyStores();
  const announcer = createAnnouncer(chat, kv);
  const heard: string[] = [];
  announcer.subscribe(({ text }) => heard.push(text));
  await after(() => void chat.getState().ask('What?'));
  for (const text of ['## **Col', 'our**\n\n```', 'ts\n', '- It is `sil', 'ver`. '])
    worker.turns[0]?.emit({ type: 'text', text, newTokens: 1, decodeTokensPerSecond: 1 });
  await worker.turns[0]?.finish({ text: '## **Colour**\n\n```ts\n- It is `silver`. ' });
  expect(heard).toEqual(['Reading.', 'Colour', 'It is silver.']);
});

it('tells that the model thinks, and not what', async () => {
  const { chat, kv, worker } = await readyStores();
  const announcer = createAnnouncer(chat, kv);
  const heard: string[] = [];
  announcer.subscribe(({ text }) => heard.push(text));
  await after(() => void chat.getState().ask('What?'));
  for (const text of ['<think>', 'It is red. ', 'No.', '</think>', 'It is silver. ', 'So'])
    worker.turns[0]?.emit({ type: 'text', text, newTokens: 1, decodeTokensPerSecond: 1 });
  await worker.turns[0]?.finish({ text: '<think>It is red. No.</think>It is silver. So' });
  expect(heard).toEqual(['Reading.', 'Thinking.', 'It is silver.', 'So']);
});

it('tells why a turn failed', async () => {
  const { chat, kv, worker } = await readyStores();
  const announcer = createAnnouncer(chat, kv);
  await after(() => void chat.getState().ask('What?'));
  await worker.turns[0]?.fail(coded('context-exceeded', 'Too long.'));
  expect(announcer.getState().text).toBe('No answer: Too long.');
});

it('tells what a calibration found', async () => {
  const { chat, kv } = await readyStores();
  const announcer = createAnnouncer(chat, kv);
  kv.setState({ calibration: { state: 'done', result: { steps: [], suggested: 3 }, stopped: false } });
  expect(announcer.getState().text).toBe('Calibrated: TSP layer 3.');
});

it('tells of a continued answer only what is new', async () => {
  const { chat, kv, worker } = await readyStores();
  const announcer = createAnnouncer(chat, kv);
  const heard: string[] = [];
  await after(() => void chat.getState().ask('What?'));
  await worker.turns[0]?.finish({
    text: 'It is silver. And',
    stopReason: 'length',
    newTokens: 4,
    ttft: TTFT,
  });
  announcer.subscribe(({ text }) => heard.push(text));
  await after(() => void chat.getState().resume(chat.getState().order.at(-1) ?? ''));
  await worker.turns[1]?.finish({ text: ' old.', newTokens: 2, ttft: TTFT });
  expect(heard).toEqual(['Reading.', 'old.']);
});
