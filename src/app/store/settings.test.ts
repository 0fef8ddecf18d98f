import { beforeEach, describe, expect, it } from 'vitest';
import { conversationOf, createChatStore } from './chat-store';
import { settingsFor } from './kv-store';
import { after, KV, MODEL, readyStores } from './scripted-engine.test-support';
import {
  changeKv,
  changeSampling,
  createNewChatStore,
  hasOwnSettings,
  isSame,
  resetKv,
  resetSettings,
} from './settings';
import { readNumber, readSettings, SAMPLING_RULES } from './settings-rules';

let stores: Awaited<ReturnType<typeof readyStores>>;
beforeEach(async () => {
  stores = await readyStores();
});

const settings = () => stores.chat.getState().settings;
const kvNow = () => settingsFor(stores.kv.getState(), settings(), MODEL);
const ask = () => after(() => void stores.chat.getState().ask('What?'));
const sent = () => stores.worker.turns.at(-1)?.request;

describe('a conversation', () => {
  it('has KV settings of its own, and a TSP layer that goes with the model', () => {
    changeKv(stores, { retain: 0.5, tspLayer: 1 });
    expect(settings()).toEqual({ kv: { retain: 0.5 } });
    expect(kvNow()).toEqual({ ...KV, retain: 0.5, tspLayer: 1 });
    changeKv(stores, { turnMode: 'lean' });
    expect(kvNow(), 'what is not said stays').toMatchObject({ retain: 0.5, tspLayer: 1 });
    changeKv(stores, { turnMode: 'exact' });
    void stores.chat.getState().ask('What?');
    const left = conversationOf(stores.chat.getState());
    stores.chat.getState().newChat();
    expect(kvNow()).toEqual({ ...KV, tspLayer: 1 });
    stores.chat.getState().show(left);
    expect(kvNow()).toEqual({ ...KV, retain: 0.5, tspLayer: 1 });
    resetKv(stores);
    expect(kvNow()).toEqual(KV);
    expect(settings()).toEqual({});
  });

  it('sends what was chosen with the next message, and the model’s own for the rest', async () => {
    changeSampling(stores, { temperature: 0.7, seed: 42 });
    stores.chat.getState().changeSettings({ maxNewTokens: 9, system: 'Be brief.', thinking: false });
    await ask();
    expect(sent()).toMatchObject({
      sampling: { temperature: 0.7, seed: 42 },
      maxNewTokens: 9,
      thinking: false,
    });
    expect(sent()?.sampling).not.toHaveProperty('topP');
    expect(sent()?.messages[0]).toEqual({ role: 'system', content: 'Be brief.' });
    await stores.worker.turns[0]?.finish({ text: 'This.' });
    changeSampling(stores, { temperature: undefined });
    await ask();
    expect(sent()?.sampling).toEqual({ seed: 42 });
  });

  it('draws another seed for every answer unless one is fixed', async () => {
    const seeds = [];
    for (let turn = 0; turn < 3; turn++) {
      await ask();
      seeds.push(sent()?.sampling?.seed);
      await stores.worker.turns.at(-1)?.finish({ text: 'This.' });
    }
    expect(new Set(seeds).size).toBe(3);
    for (const seed of seeds) expect(seed).toBeGreaterThanOrEqual(0);
  });

  it('goes back to the model’s own as a whole', () => {
    const isOwn = () => hasOwnSettings(settings(), stores.kv.getState(), MODEL);
    expect(isOwn()).toBe(false);
    changeSampling(stores, { topP: 0.9 });
    expect(isOwn()).toBe(true);
    stores.chat.getState().changeSettings({ system: 'Be brief.', maxNewTokens: 9, thinking: false });
    changeKv(stores, { retain: 0.5, tspLayer: 1 });
    resetSettings(stores);
    expect(settings()).toEqual({});
    expect(isOwn()).toBe(false);
  });
});

describe('a new chat', () => {
  const memory = (stored?: string) => {
    const kept = new Map(stored === undefined ? [] : [['fastkv.new-chat', stored]]);
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
  };

  it('begins with what was chosen for new ones, also after a reload, and the others stay as they were', () => {
    const storage = memory();
    const newChat = createNewChatStore(storage);
    const chat = createChatStore(stores.model, stores.kv, { newSettings: () => newChat.getState().settings });
    newChat.getState().choose({ sampling: { temperature: 0.7 } });
    expect(chat.getState().settings).toEqual({});
    chat.getState().newChat();
    expect(chat.getState().settings).toEqual({ sampling: { temperature: 0.7 } });
    expect(createNewChatStore(storage).getState().settings).toEqual({ sampling: { temperature: 0.7 } });
  });

  it('does without what was stored and means nothing, and without a memory', () => {
    for (const broken of ['{', 'null', '7', '[]', '{"sampling":5}'])
      expect(createNewChatStore(memory(broken)).getState().settings, broken).toEqual({});
    const refuse = () => {
      throw new Error('denied');
    };
    const newChat = createNewChatStore({ getItem: refuse, setItem: refuse });
    expect(newChat.getState().remembers).toBe(false);
    newChat.getState().choose({ system: 'Be brief.' });
    expect(newChat.getState().settings).toEqual({ system: 'Be brief.' });
  });

  it('compares settings by what they say, not by what was changed first', () => {
    const one = { sampling: { topP: 0.9, topK: 4 }, kv: {} };
    expect(isSame(one, { sampling: { topK: 4, topP: 0.9 } })).toBe(true);
    expect(isSame(one, { sampling: { topK: 5, topP: 0.9 } })).toBe(false);
  });
});

describe('stored settings', () => {
  it('keep only what the engine takes, each by itself', () => {
    const good = {
      system: 'Be brief.',
      sampling: { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, seed: 2 ** 32 - 1 },
      maxNewTokens: 1,
      kv: { window: 64, kernel: 63, capacity: 1, tspLength: 1, protectFirst: 0, floor: 0, retain: 1 },
      thinking: false,
    };
    expect(readSettings(good)).toEqual(good);
    for (const [key, values] of Object.entries({
      window: [0, 65, 8.5],
      kernel: [0, 2, 65, -1, '7'],
      capacity: [0, 2 ** 31],
      tspLength: [0, 0.5],
      protectFirst: [-1],
      retain: [0, 1.01, null],
      tspRate: [0, 2],
      turnMode: ['lossy'],
      toString: [1],
      tspLayer: [3],
    }))
      for (const value of values)
        expect(readSettings({ kv: { [key]: value, parkTrunk: true } }), `${key} ${value}`).toEqual({
          kv: { parkTrunk: true },
        });
    for (const [key, value] of Object.entries({ temperature: 3, topP: 0, topK: 1.5, minP: 2, seed: -1 }))
      expect(readSettings({ sampling: { [key]: value } }), key).toEqual({});
    expect(readSettings({ maxNewTokens: 0, system: 5, thinking: 'yes', other: 1 })).toEqual({});
  });
});

describe('a typed number', () => {
  it('is read with a point or a comma, and an empty field is none', () => {
    const rule = SAMPLING_RULES.temperature;
    for (const text of ['0.7', '0,7', ' .7 ', ',7'])
      expect(readNumber(text, rule), text).toEqual({ ok: true, value: 0.7 });
    expect(readNumber(' ', rule)).toEqual({ ok: true, value: undefined });
  });

  it('is refused outside its range, with a sentence that gives the range', () => {
    const problem = (text: string, key: keyof typeof SAMPLING_RULES) => readNumber(text, SAMPLING_RULES[key]);
    expect(problem('2.1', 'temperature')).toEqual({
      ok: false,
      problem: 'Enter a number from 0 to 2.',
    });
    expect(problem('0', 'topP')).toEqual({
      ok: false,
      problem: 'Enter a number above 0 and at most 1.',
    });
    expect(problem('1.5', 'topK')).toMatchObject({
      problem: 'Enter a whole number from 0 to 1,000.',
    });
    for (const text of ['warm', '1e1', '0x1', '--1', '1.2.3', 'Infinity'])
      expect(problem(text, 'temperature').ok, text).toBe(false);
  });
});
