import { expect, it } from 'vitest';
import { createPreviewStore } from './preview-store';
import { readyStores } from './scripted-engine.test-support';

it('opens a document at a place, and closes when the document goes', async () => {
  const { chat } = await readyStores();
  const preview = createPreviewStore(chat);
  for (const name of ['a', 'b']) chat.getState().attach({ name, text: name, tokens: 1, questions: [] });
  const [a = '', b = ''] = chat.getState().documents.map(({ id }) => id);
  preview.getState().open(a, { from: 0, to: 1 });
  chat.getState().detach(b);
  expect(preview.getState()).toMatchObject({ documentId: a, marked: { from: 0, to: 1 } });
  chat.getState().detach(a);
  expect(preview.getState()).toMatchObject({ documentId: undefined, marked: undefined });
});
