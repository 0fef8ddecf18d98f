import { expect, it } from 'vitest';
import { createAttachmentsStore } from './attachments-store';
import { after, readyStores } from './scripted-engine.test-support';

async function attaching() {
  const { chat } = await readyStores();
  const attachments = createAttachmentsStore(chat);
  const names = () => chat.getState().documents.map(({ name }) => name);
  return { chat, attachments, names };
}

const text = (name: string, content = name) => new File([content], name);

it('makes a document of every file, in their order, and says what was wrong with the others', async () => {
  const { chat, attachments, names } = await attaching();
  const reading = attachments.getState().attachFiles([text('a.txt'), text('bad.txt', '\0'), text('b.md')]);
  expect(attachments.getState().incoming.map(({ name, state }) => [name, state])).toEqual([
    ['a.txt', 'reading'],
    ['bad.txt', 'reading'],
    ['b.md', 'reading'],
  ]);
  await reading;
  expect(names()).toEqual(['a.txt', 'b.md']);
  expect(chat.getState().documents[1]).toMatchObject({ kind: 'markdown', text: 'b.md', questions: [] });
  expect(attachments.getState().incoming).toEqual([
    expect.objectContaining({ name: 'bad.txt', state: 'failed', message: expect.stringContaining('binary') }),
  ]);
  attachments.getState().dismiss(attachments.getState().incoming[0]?.id ?? '');
  expect(attachments.getState().incoming).toEqual([]);
});

it('says what was wrong with a file until that is answered: sent without, attached again, or closed with the others', async () => {
  const { chat, attachments } = await attaching();
  const { attachFiles, dismissFailed } = attachments.getState();
  const told = () => attachments.getState().incoming.map(({ name, state }) => `${name} ${state}`);
  const bad = (...names: string[]) => attachFiles(names.map((name) => text(name, '\0')));

  await bad('a.txt', 'b.txt');
  await bad('a.txt');
  expect(told(), 'once a file').toEqual(['b.txt failed', 'a.txt failed']);
  await attachFiles([text('a.txt')]);
  expect(told()).toEqual(['b.txt failed']);
  await after(() => void chat.getState().ask('What color?'));
  expect(told(), 'sent without it').toEqual([]);

  await bad('a.txt', 'b.txt');
  const reading = attachFiles([text('c.txt')]);
  dismissFailed();
  expect(told(), 'what is being read goes on').toEqual(['c.txt reading']);
  await reading;
  await bad('a.txt');
  chat.getState().newChat();
  expect(told()).toEqual([]);
});

it('makes nothing of a file that is dismissed while it is read', async () => {
  const { attachments, names } = await attaching();
  const reading = attachments.getState().attachFiles([text('a.txt'), text('b.txt')]);
  for (const { id } of attachments.getState().incoming) attachments.getState().dismiss(id);
  await reading;
  expect(names()).toEqual([]);
  expect(attachments.getState().incoming).toEqual([]);
});

it('never attaches to another conversation what was dropped on this one', async () => {
  const { chat, attachments, names } = await attaching();
  chat.getState().attach({ name: 'first', text: 'x', tokens: 1, questions: [] });
  const reading = attachments.getState().attachFiles([text('a.txt')]);
  chat.getState().newChat();
  await reading;
  expect(names()).toEqual([]);
  expect(attachments.getState().incoming).toEqual([]);
});

it('goes on after a file that cannot even be opened', async () => {
  const { attachments, names } = await attaching();
  const gone = text('gone.txt');
  Object.defineProperty(gone, 'slice', { value: () => ({ text: () => Promise.reject(new Error('gone')) }) });
  await attachments.getState().attachFiles([gone, text('a.txt')]);
  expect(names()).toEqual(['a.txt']);
  expect(attachments.getState().incoming).toMatchObject([{ state: 'failed' }]);
});

it('makes a document of a paste, and text of the draft again where it was pasted', async () => {
  const { chat, attachments, names } = await attaching();
  chat.getState().setDraft('Read THIS now');
  attachments.getState().attachPaste('a\r\nb', { from: 5, to: 9 });
  attachments.getState().attachPaste('c', { from: 0, to: 0 });
  expect(names()).toEqual(['Pasted text', 'Pasted text 2']);
  expect(chat.getState().documents[0]).toMatchObject({ kind: 'pasted', text: 'a\nb' });
  const { notice } = chat.getState();
  expect(notice?.undo?.label).toBe('Paste as text instead');
  notice?.undo?.run();
  expect(names()).toEqual(['Pasted text']);
  expect(chat.getState().draft).toBe('cRead THIS now');
  chat.getState().notice?.undo?.run();
  expect(names(), 'the first can be text still').toEqual([]);
  expect(chat.getState().notice).toBeUndefined();
});

it('puts a paste behind what was typed since', async () => {
  const { chat, attachments } = await attaching();
  attachments.getState().attachPaste('pasted', { from: 0, to: 0 });
  chat.getState().setDraft('typed ');
  chat.getState().notice?.undo?.run();
  expect(chat.getState().draft).toBe('typed pasted');
});

it('leaves the draft of another conversation alone', async () => {
  const { chat, attachments } = await attaching();
  attachments.getState().attachPaste('pasted', { from: 0, to: 0 });
  const { notice } = chat.getState();
  chat.getState().newChat();
  notice?.undo?.run();
  expect(chat.getState().draft).toBe('');
});
