import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { memoryArchive } from '../archive/archive';
import { openArchive } from '../archive/database';
import { countEarlier } from './notices';
import { after } from './scripted-engine.test-support';
import {
  answer,
  ask,
  closeAll,
  DOCUMENT,
  memory,
  NAME,
  names,
  openTab,
  settle,
  texts,
  turnOf,
  write,
} from './tabs.test-support';

describe('a conversation', () => {
  it('is there again after a reload, with documents, branches, settings and title', async () => {
    const tab = await openTab();
    tab.chat.getState().attach(DOCUMENT);
    tab.chat.getState().changeSettings({ system: 'Be brief.' });
    await answer(tab, 'What color?', 'Silver.');
    await after(() => void tab.chat.getState().regenerate(tab.chat.getState().order[1] ?? ''));
    await turnOf(tab.worker, 1).finish({ text: 'Grey.' });
    await settle();
    const { id, title, documents, messages, order, children, settings } = tab.chat.getState();

    const again = await openTab(tab.session);
    expect(again.chat.getState()).toMatchObject({
      id,
      title,
      documents,
      messages,
      order,
      children,
      settings,
    });
    expect(texts(again)).toEqual(['What color?', 'Grey.']);
  });

  it('is listed in a new tab, which begins with an empty one', async () => {
    await answer(await openTab(), 'What color?', 'Silver.');
    const other = await openTab();
    expect(texts(other)).toEqual([]);
    expect(names(other)).toEqual(['What color?']);
    await other.conversations.getState().open(other.conversations.getState().list[0]?.id ?? '');
    expect(texts(other)).toEqual(['What color?', 'Silver.']);
  });

  it('that nothing was said or attached in is not kept', async () => {
    const tab = await openTab();
    tab.chat.getState().newChat();
    await settle();
    expect(names(tab)).toEqual([]);
  });

  it('reloaded while an answer is written keeps the part, marked as interrupted, to be gone on with', async () => {
    const tab = await openTab();
    await ask(tab, 'What color?');
    write(tab, 'Sil');
    await settle();
    closeAll();
    const again = await openTab(tab.session);
    const { order, messages, resume } = again.chat.getState();
    expect(messages[order[1] ?? '']).toMatchObject({
      text: 'Sil',
      answer: { state: 'done', stopReason: 'interrupted' },
    });
    await after(() => void resume(order[1] ?? ''));
    await settle();
    expect(turnOf(again.worker).request.messages.at(-1)).toEqual({ role: 'assistant', content: 'Sil' });
  });

  it('left while it answers goes on, is written down and may be renamed meanwhile, and is there whole', async () => {
    const tab = await openTab();
    await ask(tab, 'What color?');
    const { id } = tab.chat.getState();
    write(tab, 'Sil');
    tab.chat.getState().newChat();
    tab.chat.getState().attach(DOCUMENT);
    write(tab, 'ver');
    await settle();
    const { open, rename } = tab.conversations.getState();
    await rename(id, 'The lamp');
    const other = await openTab();
    await other.conversations.getState().open(id);
    expect([texts(other), other.chat.getState().elsewhere]).toEqual([['What color?', 'Silver'], true]);
    await other.conversations.getState().rename(id, 'Lamps');
    await settle();
    await open(id);
    expect(tab.chat.getState()).toMatchObject({ title: 'Lamps', elsewhere: false });
    await open(tab.conversations.getState().list.find((one) => one.id !== id)?.id ?? '');
    expect(tab.chat.getState().documents).toHaveLength(1);
    await turnOf(tab.worker).finish({ text: 'Silver.' });
    await settle();
    expect(texts(other)).toEqual(['What color?', 'Silver.']);
    await open(id);
    expect(texts(tab)).toEqual(['What color?', 'Silver.']);
    expect(names(await openTab()).toSorted()).toEqual(['Lamps', 'notes.txt']);
  });

  it('deleted while it answers ends its turn, comes back with the part, and is not written back by itself', async () => {
    const tab = await openTab();
    await ask(tab, 'What color?');
    const { id } = tab.chat.getState();
    write(tab, 'Sil');
    tab.chat.getState().newChat();
    await tab.conversations.getState().remove(id);
    expect(tab.worker.stops).toBe(1);
    await turnOf(tab.worker).finish({ text: 'Sil', stopReason: 'stopped' });
    await settle();
    expect(names(await openTab())).toEqual([]);
    tab.chat.getState().notice?.undo?.run();
    await settle();
    await tab.conversations.getState().open(id);
    const { order, messages } = tab.chat.getState();
    expect(messages[order[1] ?? '']).toMatchObject({ text: 'Sil', answer: { stopReason: 'stopped' } });
  });

  it('deleted by another tab while it answers here, shown or not, ends its turn and stays deleted', async () => {
    for (const leaves of [false, true]) {
      const tab = await openTab();
      await ask(tab, 'What color?');
      const { id } = tab.chat.getState();
      await settle();
      if (leaves) tab.chat.getState().newChat();
      await (await openTab()).conversations.getState().remove(id);
      await settle();
      expect(tab.worker.stops).toBe(1);
      await turnOf(tab.worker).finish({ text: 'Silver.', stopReason: 'stopped' });
      await settle();
      expect([texts(tab), names(await openTab())]).toEqual([[], []]);
    }
  });

  it('is renamed, whether it is shown or not', async () => {
    const tab = await openTab();
    await answer(tab, 'What color?', 'Silver.');
    const { id } = tab.chat.getState();
    await tab.conversations.getState().rename(id, ' The lamp ');
    expect(names(tab)).toEqual(['The lamp']);
    tab.chat.getState().newChat();
    await tab.conversations.getState().rename(id, 'Lamps');
    await tab.conversations.getState().rename(id, ' ');
    expect(names(await openTab())).toEqual(['Lamps']);
  });

  it('is deleted, and comes back whole', async () => {
    const tab = await openTab();
    await answer(tab, 'What color?', 'Silver.');
    const { id } = tab.chat.getState();
    await tab.conversations.getState().remove(id);
    expect([texts(tab), names(tab), names(await openTab())]).toEqual([[], [], []]);
    expect(tab.chat.getState().settings).toEqual({ system: 'As always.' });
    tab.chat.getState().notice?.undo?.run();
    await settle();
    expect([texts(tab), names(tab)]).toEqual([['What color?', 'Silver.'], ['What color?']]);
  });

  it('deleted after another: both come back, the last first, and opening a third in between ends nothing', async () => {
    const tab = await openTab();
    const { chat, conversations } = tab;
    const ids = [];
    for (const [index, question] of ['One?', 'Two?', 'Three?'].entries()) {
      chat.getState().newChat();
      await answer(tab, question, 'So.', index);
      ids.push(chat.getState().id);
    }
    const { remove, open } = conversations.getState();
    await remove(ids[0] ?? '');
    await open(ids[1] ?? '');
    await remove(ids[1] ?? '');
    expect(names(tab)).toEqual(['Three?']);
    const told = () => chat.getState().notice?.text;
    expect([told(), countEarlier(chat.getState().notice)]).toEqual(['Deleted “Two?”.', 1]);
    chat.getState().notice?.undo?.run();
    await settle();
    expect([told(), names(tab)]).toEqual(['Deleted “One?”.', ['Three?', 'Two?']]);
    chat.getState().notice?.undo?.run();
    await settle();
    expect([told(), names(tab)]).toEqual([undefined, ['Three?', 'Two?', 'One?']]);
  });

  it('that cannot be stored again when it should come back is not lost: it is offered once more', async () => {
    const archive = await openArchive(NAME);
    const tab = await openTab(memory(), Promise.resolve(archive));
    await answer(tab, 'What color?', 'Silver.');
    await tab.conversations.getState().remove(tab.chat.getState().id);
    const refuse = vi.spyOn(archive, 'write').mockRejectedValue(new Error('busy'));
    tab.chat.getState().notice?.undo?.run();
    await settle();
    expect(tab.chat.getState().notice).toMatchObject({
      isError: true,
      text: expect.stringContaining('busy'),
    });
    refuse.mockRestore();
    tab.chat.getState().dismissNews();
    tab.chat.getState().notice?.undo?.run();
    await settle();
    expect([texts(tab), names(tab)]).toEqual([['What color?', 'Silver.'], ['What color?']]);
  });

  it('left for a new chat comes back as it is by then, if it is still there', async () => {
    const tab = await openTab();
    const { rename, remove } = tab.conversations.getState();
    const undo = async () => {
      tab.chat.getState().notice?.undo?.run();
      await settle();
    };
    await ask(tab, 'What color?');
    const { id } = tab.chat.getState();
    tab.chat.getState().newChat();
    await turnOf(tab.worker).finish({ text: 'Silver.' });
    await settle();
    await rename(id, 'Lamps');
    await undo();
    expect([tab.chat.getState().title, texts(tab)]).toEqual(['Lamps', ['What color?', 'Silver.']]);

    await ask(tab, 'Sure?');
    write(tab, 'Y', 1);
    tab.chat.getState().newChat();
    write(tab, 'es', 1);
    await remove(id);
    await turnOf(tab.worker, 1).finish({ text: 'Yes', stopReason: 'stopped' });
    await undo();
    await undo();
    const { messages, order } = tab.chat.getState();
    expect(messages[order[3] ?? '']).toMatchObject({ text: 'Yes', answer: { stopReason: 'stopped' } });

    tab.chat.getState().newChat();
    const other = await openTab();
    await other.conversations.getState().open(id);
    await ask(other, 'And now?');
    await undo();
    expect(tab.chat.getState(), 'it is watched').toMatchObject({ id, elsewhere: true });
    await turnOf(other.worker).finish({ text: 'Now too.' });
    await settle();

    tab.chat.getState().newChat();
    await other.conversations.getState().remove(id);
    await undo();
    expect(tab.chat.getState().notice?.text).toBe('This chat could not be read.');
    expect(names(await openTab())).toEqual([]);
  });

  it('is found by its title and by what was said, in any case', async () => {
    const tab = await openTab();
    await answer(tab, 'What color?', 'Silver, I think.');
    tab.chat.getState().newChat();
    await answer(tab, 'Who keeps it?', 'Nobody.', 1);
    const search = async (words: string) => {
      await tab.conversations.getState().search(words);
      return tab.conversations.getState().found?.map(({ excerpt }) => excerpt);
    };
    expect(await search('SILVER')).toEqual(['Silver, I think.']);
    expect(await search('who')).toEqual([undefined]);
    await answer(tab, 'And now?', '<think>Is it gold?</think>Copper.', 2);
    expect(await search('gold')).toEqual([]);
    expect(await search(' ')).toBeUndefined();
  });
});

describe('writing down', () => {
  it('touches only the rows that changed, and a running answer not at every token', async () => {
    const archive = await openArchive(NAME);
    const written = vi.spyOn(archive, 'write');
    const tab = await openTab(memory(), Promise.resolve(archive));
    await answer(tab, 'One?', '1');
    written.mockClear();
    await ask(tab, 'Two?');
    const [change] = written.mock.lastCall ?? expect.fail('nothing was written');
    expect(change.messages).toHaveLength(2);
    written.mockClear();
    for (let i = 0; i < 200; i++) write(tab, 'x', 1);
    await settle();
    expect(written.mock.calls.length).toBeLessThan(4);
    expect(written.mock.lastCall?.[0].messages).toMatchObject([{ text: 'x'.repeat(200) }]);
  });

  it('that is refused is told, nothing is lost, and the next change brings all of it', async () => {
    const archive = await openArchive(NAME);
    const tab = await openTab(memory(), Promise.resolve(archive));
    const refuse = vi
      .spyOn(archive, 'write')
      .mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
    await answer(tab, 'One?', '1');
    const { notice } = tab.chat.getState();
    expect(notice?.text).toContain('no more space');
    expect(notice?.isError).toBe(true);
    expect(texts(tab)).toEqual(['One?', '1']);
    refuse.mockRestore();
    await answer(tab, 'Two?', '2', 1);
    expect(texts(await openTab(tab.session))).toEqual(['One?', '1', 'Two?', '2']);
  });

  it('that is refused loses nothing of a chat that is left meanwhile, whatever another tab makes of it', async () => {
    const archive = await openArchive(NAME);
    const tab = await openTab(memory(), Promise.resolve(archive));
    const other = await openTab();
    await answer(tab, 'One?', '1');
    const refuse = vi.spyOn(archive, 'write').mockRejectedValue(new Error('busy'));
    await answer(tab, 'Two?', '2', 1);
    const { id } = tab.chat.getState();
    tab.chat.getState().newChat();
    await settle();
    await other.conversations.getState().open(id);
    await answer(other, 'And yours?', '3');
    await tab.conversations.getState().open(id);
    expect(texts(tab)).toEqual(['One?', '1', 'Two?', '2']);
    refuse.mockRestore();
    await answer(tab, 'Three?', '4', 2);
    for (const { chat } of [tab, other]) expect(Object.keys(chat.getState().messages)).toHaveLength(8);
  });

  it.each([
    ['the database', () => openArchive(NAME)],
    ['the page’s memory', () => Promise.resolve(memoryArchive())],
  ])('that is refused brings nothing back that was deleted meanwhile: %s', async (_, open) => {
    const archive = await open();
    const tab = await openTab(memory(), Promise.resolve(archive));
    tab.chat.getState().attach(DOCUMENT);
    await answer(tab, 'One?', '1');
    await answer(tab, 'Two?', '2', 1);
    const { id, order, documents, remove, detach, changeSettings } = tab.chat.getState();
    const refuse = vi.spyOn(archive, 'write').mockRejectedValue(new Error('busy'));
    remove(order[2] ?? '');
    detach(documents[0]?.id ?? '');
    await settle();
    refuse.mockRestore();
    changeSettings({ system: 'Be brief.' });
    await settle();
    const stored = await archive.read(id);
    expect([stored?.messages.length, stored?.documents.length]).toEqual([2, 0]);
  });

  it('that is refused with another already waiting is tried again too', async () => {
    const archive = await openArchive(NAME);
    const tab = await openTab(memory(), Promise.resolve(archive));
    let refuse = () => {};
    vi.spyOn(archive, 'write').mockImplementationOnce(
      () => new Promise((_, reject) => (refuse = () => reject(new Error('busy')))),
    );
    tab.chat.getState().attach(DOCUMENT);
    await settle();
    await ask(tab, 'What color?');
    refuse();
    await settle();
    await turnOf(tab.worker).finish({ text: 'Silver.' });
    await settle();
    const again = await openTab(tab.session);
    expect(again.chat.getState().documents).toMatchObject([{ name: 'notes.txt' }]);
  });

  it('goes to the page’s memory where there is no database, which is said', async () => {
    const tab = await openTab(memory(), Promise.resolve(memoryArchive()));
    await answer(tab, 'What color?', 'Silver.');
    expect(tab.conversations.getState().persists).toBe(false);
    tab.chat.getState().newChat();
    await tab.conversations.getState().open(tab.conversations.getState().list[0]?.id ?? '');
    expect(texts(tab)).toEqual(['What color?', 'Silver.']);
  });
});

describe('rows that are broken', () => {
  it('are skipped and said so; what followed them is still there', async () => {
    const archive = await openArchive(NAME);
    const tab = await openTab(memory(), Promise.resolve(archive));
    await answer(tab, 'One?', '1');
    await answer(tab, 'Two?', '2', 1);
    const { id, order } = tab.chat.getState();
    const broken = { id: order[1], parentId: order[0], conversationId: id, text: 7 };
    await archive.write({
      ...{ id, removedMessages: [], documents: [], removedDocuments: [] },
      messages: [broken as never],
    });
    const again = await openTab(tab.session);
    expect(texts(again)).toEqual(['One?', 'Two?', '2']);
    expect(again.chat.getState().notice?.text).toContain('One message or document could not be read');
  });
});
