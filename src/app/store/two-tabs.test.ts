import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Archive } from '../archive/archive';
import { openArchive } from '../archive/database';
import {
  answer,
  ask,
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

/** Two tabs with the same conversation, in which the first could not write down its last answer. */
async function oneWithoutRoom() {
  const memories = await openArchive(NAME);
  let refuses = false;
  const full = () => Promise.reject(new DOMException('no room', 'QuotaExceededError'));
  const archive: Archive = { ...memories, write: (change) => (refuses ? full() : memories.write(change)) };
  const one = await openTab(memory(), Promise.resolve(archive));
  await answer(one, 'What colour?', 'Silver.');
  const two = await openTab();
  await two.conversations.getState().open(one.chat.getState().id);
  refuses = true;
  await answer(one, 'And mine?', 'Red.', 1);
  return { one, two, makeRoom: () => (refuses = false) };
}

describe('two tabs', () => {
  it('with the same conversation: one answers, the other watches and may not, then has all of it', async () => {
    const one = await openTab();
    await answer(one, 'One?', '1');
    const two = await openTab(one.session);
    await ask(one, 'Two?');
    write(one, 'half', 1);
    await settle();
    expect(two.chat.getState().elsewhere).toBe(true);
    expect(texts(two)).toEqual(['One?', '1', 'Two?', 'half']);
    await ask(two, 'Mine?');
    expect(two.worker.turns).toHaveLength(0);
    await turnOf(one.worker, 1).finish({ text: 'half and half' });
    await settle();
    expect(two.chat.getState().elsewhere).toBe(false);
    const { order, messages } = two.chat.getState();
    expect(messages[order[3] ?? '']).toMatchObject({ text: 'half and half', answer: { stopReason: 'end' } });
    await answer(two, 'Mine?', 'Yours.', 0);
    expect(texts(one)).toEqual(['One?', '1', 'Two?', 'half and half', 'Mine?', 'Yours.']);
  });

  it('of which one answers: what the other attaches, removes, sets and renames meanwhile stays', async () => {
    const one = await openTab();
    one.chat.getState().attach(DOCUMENT);
    await answer(one, 'One?', '1');
    const two = await openTab(one.session);
    await ask(one, 'Two?');
    const { id, documents, detach, attach, changeSettings } = two.chat.getState();
    detach(documents[0]?.id ?? '');
    attach({ ...DOCUMENT, name: 'more.txt' });
    changeSettings({ system: 'Be brief.' });
    await two.conversations.getState().rename(id, 'Lamps');
    await settle();
    await turnOf(one.worker, 1).finish({ text: '2' });
    await settle();
    const left = {
      title: 'Lamps',
      settings: { system: 'Be brief.' },
      documents: [expect.objectContaining({ name: 'more.txt' })],
    };
    const third = await openTab(one.session);
    for (const tab of [one, two, third]) {
      expect(tab.chat.getState()).toMatchObject(left);
      expect(texts(tab)).toEqual(['One?', '1', 'Two?', '2']);
    }
  });

  it('that ask at the same moment answer one after the other, and both questions stay', async () => {
    const one = await openTab();
    await answer(one, 'One?', '1');
    const two = await openTab(one.session);
    void one.chat.getState().ask('Left?');
    void two.chat.getState().ask('Right?');
    await settle();
    const both = [one.worker.turns.length - 1, two.worker.turns.length];
    expect(both.reduce((sum, turns) => sum + turns)).toBe(1);
    const [first, index] = both[0] === 1 ? [one, 1] : [two, 0];
    await turnOf(first.worker, index).finish({ text: 'first' });
    await settle();
    const [second, next] = first === one ? [two, 0] : [one, 1];
    await turnOf(second.worker, next).finish({ text: 'second' });
    await settle();
    const third = await openTab(one.session);
    const said = Object.values(third.chat.getState().messages).map((message) =>
      message.role === 'user' ? message.question : message.text,
    );
    expect(said.toSorted()).toEqual(['1', 'Left?', 'One?', 'Right?', 'first', 'second']);
  });

  it('one of which could not write down what was said: the other goes on, and both stay, as branches', async () => {
    const { one, two, makeRoom } = await oneWithoutRoom();
    expect(texts(two)).toEqual(['What colour?', 'Silver.']);
    makeRoom();
    await answer(two, 'And yours?', 'Blue.');
    expect(one.chat.getState().notice?.text).toMatch(/^This chat was continued in another tab/);
    // By now it is written down as well, so that a third tab has both.
    const three = await openTab();
    await three.conversations.getState().open(one.chat.getState().id);
    for (const tab of [one, three]) {
      const { messages, children, order } = tab.chat.getState();
      expect(Object.keys(messages)).toHaveLength(6);
      expect(children[order[1] ?? '']).toHaveLength(2);
    }
  });

  it('one of which answers: a branch that the other could not write down till then is there at once', async () => {
    const { one, two, makeRoom } = await oneWithoutRoom();
    makeRoom();
    await ask(two, 'And yours?');
    await settle();
    const { order, messages, children } = two.chat.getState();
    expect(children[order[1] ?? '']).toHaveLength(2);
    expect(Object.keys(messages)).toHaveLength(6);
    await turnOf(two.worker).finish({ text: 'Blue.' });
    await settle();
    for (const tab of [one, two]) {
      expect(Object.keys(tab.chat.getState().messages)).toHaveLength(6);
    }
    expect(texts(two)).toEqual(['What colour?', 'Silver.', 'And yours?', 'Blue.']);
  });

  it('one of which deletes what the other shows: that one says so and writes nothing back', async () => {
    const one = await openTab();
    await answer(one, 'One?', '1');
    const two = await openTab(one.session);
    await one.conversations.getState().remove(one.chat.getState().id);
    await settle();
    expect(texts(two)).toEqual([]);
    expect(two.chat.getState().settings).toEqual({ system: 'As always.' });
    expect(two.chat.getState().notice?.text).toContain('deleted in another tab');
    expect(names(await openTab())).toEqual([]);
  });
});
