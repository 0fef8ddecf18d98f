import { expect, it, describe } from 'vitest';
import { answer, DOCUMENT, names, openTab, texts } from './tabs.test-support';

describe('files', () => {
  it('bring a conversation back as it was, and one that is here already not again', async () => {
    const tab = await openTab();
    const { importJson, exportJson, remove } = tab.conversations.getState();
    const said = () => tab.chat.getState().notice?.text;
    tab.chat.getState().attach(DOCUMENT);
    await answer(tab, 'What color?', 'Silver.');
    const file = await exportJson();
    await importJson(file);
    expect(said()).toBe('Nothing was imported: the chat was here already.');
    const { id } = tab.chat.getState();
    tab.chat.getState().newChat();
    await answer(tab, 'Who keeps it?', 'Nobody.', 1);
    const both = await exportJson();
    await remove(id);

    await importJson(both);
    expect(said()).toBe('Imported 1 chat; 1 was here already.');
    expect(JSON.parse(await exportJson())).toEqual(JSON.parse(both));
    await importJson(both);
    expect(said()).toBe('Nothing was imported: all 2 chats were here already.');
    expect(names(tab).toSorted()).toEqual(['What color?', 'Who keeps it?']);

    await remove(id);
    const { conversations, ...form } = JSON.parse(file) as { readonly conversations: readonly unknown[] };
    await importJson(JSON.stringify({ ...form, conversations: [...conversations, ...conversations] }));
    expect(said(), 'nor twice from one file').toBe('Imported 1 chat; 1 was here already.');
  });

  it('put one that was changed since beside itself, once, and overwrite nothing', async () => {
    const tab = await openTab();
    const { importJson, exportJson, open } = tab.conversations.getState();
    tab.chat.getState().attach(DOCUMENT);
    await answer(tab, 'What color?', 'Silver.');
    const file = await exportJson();
    tab.chat.getState().setDocumentTokens(tab.chat.getState().documents[0]?.id ?? '', 9);
    await importJson(file);
    expect(names(tab), 'what another model counts is no change').toHaveLength(1);
    await answer(tab, 'Sure?', 'Yes.', 1);

    await importJson(file);
    await importJson(file);
    expect(names(tab)).toEqual(['What color?', 'What color?']);
    const said = [];
    for (const { id } of tab.conversations.getState().list) {
      await open(id);
      said.push(texts(tab));
      expect(tab.chat.getState().documents).toMatchObject([{ name: 'notes.txt' }]);
    }
    expect(said).toEqual([
      ['What color?', 'Silver.', 'Sure?', 'Yes.'],
      ['What color?', 'Silver.'],
    ]);
  });

  it('are read by people as Markdown', async () => {
    const tab = await openTab();
    tab.chat.getState().attach(DOCUMENT);
    await answer(tab, 'What color?', '<think>Is it gold?</think>Silver.');
    expect(
      (await tab.conversations.getState().exportMarkdown(tab.chat.getState().id)).replaceAll('\u00a0', ' '),
    ).toBe('# What color?\n\n- notes.txt, 5 tokens\n\n## Question\n\nWhat color?\n\n## Answer\n\nSilver.\n');
  });

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['another file', '{"format":"other"}', 'no chats'],
    ['of a newer page', '{"format":"fastkv-conversations","version":2,"conversations":[]}', 'newer version'],
    ['an empty one', '{"format":"fastkv-conversations","version":1,"conversations":[]}', 'no chats'],
    [
      'a damaged one',
      '{"format":"fastkv-conversations","version":1,"conversations":[{"conversation":{},"documents":[],"messages":[]}]}',
      'damaged',
    ],
  ])('that cannot be read are refused in words: %s', async (_, text, said) => {
    const tab = await openTab();
    await expect(tab.conversations.getState().importJson(text)).rejects.toThrow(said);
    expect(names(tab)).toEqual([]);
  });
});
