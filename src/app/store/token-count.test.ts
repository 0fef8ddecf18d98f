import { expect, it } from 'vitest';
import { after, deferred, readyStores } from './scripted-engine.test-support';
import { countDocumentTokens } from './token-count';

const DOCUMENT = { name: 'a.txt', text: 'The lamp.', tokens: undefined, questions: [] };

/** With a document that is being counted. */
async function counting() {
  const { chat, model, worker } = await readyStores();
  const counts: ReturnType<typeof deferred<number>>[] = [];
  worker.api.countTokens = () => {
    const count = deferred<number>();
    counts.push(count);
    return count.promise;
  };
  countDocumentTokens(chat, model);
  chat.getState().attach(DOCUMENT);
  return { chat, counts, tokens: () => chat.getState().documents.map((document) => document.tokens) };
}

it('counts a document once', async () => {
  const { chat, counts, tokens } = await counting();
  await after(() => counts[0]?.resolve(3));
  chat.getState().setDraft('What?');
  expect(tokens()).toEqual([3]);
  expect(counts).toHaveLength(1);
});

it('counts a document again that was away when its count came', async () => {
  const { chat, counts, tokens } = await counting();
  chat.getState().detach(chat.getState().documents[0]?.id ?? '');
  await after(() => counts[0]?.resolve(3));
  chat.getState().notice?.undo?.run();
  await after(() => counts[1]?.resolve(3));
  expect(tokens()).toEqual([3]);
});
