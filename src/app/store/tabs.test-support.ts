/** Tabs of one browser: a database, locks and news that they share. */
import 'fake-indexeddb/auto';
import { Dexie } from 'dexie';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Archive } from '../archive/archive';
import { openArchive } from '../archive/database';
import { settling, tabsOf, type Tabs } from '../archive/tabs';
import { createChatStore } from './chat-store';
import { createConversationsStore } from './conversations-store';
import { after, readyStores, type ScriptedWorker } from './scripted-engine.test-support';

export const NAME = 'conversations of a test';
export const DOCUMENT = { name: 'notes.txt', text: 'The lamp is silver.', tokens: 5, questions: [] };
/** By turns of the loop and not by time alone, as the machine may be busy. */
export const settle = async () => {
  for (let i = 0; i < 15; i++) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** The locks of a browser, for the tabs of one test. */
function lockManager(): LockManager {
  const tails = new Map<string, Promise<unknown>>();
  const held = new Set<string>();
  type Act = (lock: { name: string } | null) => unknown;
  const request = async (name: string, ...rest: [Act] | [LockOptions, Act]) => {
    const [options, act] = rest.length === 1 ? [{}, rest[0]] : rest;
    if (options.ifAvailable && held.has(name)) return act(null);
    const before = tails.get(name) ?? Promise.resolve();
    const mine = before.then(async () => {
      held.add(name);
      try {
        return await act({ name });
      } finally {
        held.delete(name);
      }
    });
    tails.set(
      name,
      mine.catch(() => undefined),
    );
    return mine;
  };
  return { request } as unknown as LockManager;
}

/** The news of a browser's tabs, at once. */
function channels() {
  const open: { hear: ((event: MessageEvent) => void)[] }[] = [];
  return () => {
    const mine = { hear: [] as ((event: MessageEvent) => void)[] };
    open.push(mine);
    return {
      postMessage: (data: unknown) =>
        open.forEach(
          (other) => other !== mine && other.hear.forEach((hear) => hear({ data } as MessageEvent)),
        ),
      addEventListener: (_: string, hear: (event: MessageEvent) => void) => mine.hear.push(hear),
    } as unknown as BroadcastChannel;
  };
}

export function memory() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

let locks: LockManager;
let newChannel: () => BroadcastChannel;

export async function openTab(session = memory(), archive: Promise<Archive> = openArchive(NAME)) {
  const { model, kv, worker } = await readyStores();
  const tabs: Tabs = tabsOf(newChannel(), locks);
  const chat = createChatStore(model, kv, {
    tabs: settling(tabs, () => conversations.getState().flush()),
    reopen: (id) => void conversations.getState().open(id),
  });
  const newSettings = () => ({ system: 'As always.' });
  const conversations = createConversationsStore({
    ...{ chat, archive, tabs, session, newSettings, periodMs: 10 },
  });
  await settle();
  return { chat, conversations, worker, session };
}

export type Tab = Awaited<ReturnType<typeof openTab>>;
export const turnOf = (worker: ScriptedWorker, index = 0) =>
  worker.turns[index] ?? expect.fail(`turn ${index} was never sent`);
export const ask = async ({ chat }: Tab, question: string) => {
  await after(() => void chat.getState().ask(question));
  await settle();
};
export const answer = async (tab: Tab, question: string, text: string, index = 0) => {
  await ask(tab, question);
  await turnOf(tab.worker, index).finish({ text });
  await settle();
};
export const texts = ({ chat }: Tab) => {
  const { order, messages } = chat.getState();
  return order.map((id) => {
    const message = messages[id];
    return message?.role === 'user' ? message.question : message?.text;
  });
};
export const names = ({ conversations }: Tab) => conversations.getState().list.map(({ name }) => name);
export const write = (tab: Tab, text: string, index = 0) =>
  turnOf(tab.worker, index).emit({ type: 'text', text, newTokens: 1, decodeTokensPerSecond: 40 });

/** A page that goes takes its locks along. */
export function closeAll(): void {
  locks = lockManager();
}

beforeEach(() => {
  closeAll();
  newChannel = channels();
});
afterEach(async () => {
  await Dexie.delete(NAME);
});
