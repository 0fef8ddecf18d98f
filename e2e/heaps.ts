/** What JavaScript holds while a page works: the heaps of the page and of its workers, ArrayBuffers included, as Chromium counts them. */
import type { CDPSession, Page } from '@playwright/test';

interface Usage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

interface Reply {
  readonly id?: number;
  readonly result?: Usage;
}

export interface HeapWatch {
  /** The most bytes that page and workers held at one time, and how often it was looked. */
  stop(): Promise<{ readonly peakBytes: number; readonly samples: number }>;
}

const PAUSE_MS = 25;

/** To be called before the page makes its workers. */
export async function watchHeaps(page: Page): Promise<HeapWatch> {
  const session = await page.context().newCDPSession(page);
  const workers = await attachWorkers(session);
  let [peakBytes, samples, running] = [0, 0, true];
  const loop = (async () => {
    while (running) {
      const usages = await Promise.all([
        session.send('Runtime.getHeapUsage') as Promise<Usage>,
        ...workers(),
      ]);
      const bytes = usages.reduce((sum, usage) => sum + usage.usedSize + usage.backingStorageSize, 0);
      peakBytes = Math.max(peakBytes, bytes);
      samples++;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    stop: async () => {
      running = false;
      await loop;
      await session.detach();
      return { peakBytes, samples };
    },
  };
}

/** Playwright has no session for a worker, so messages to it travel inside the page's. */
async function attachWorkers(session: CDPSession) {
  const sessions = new Set<string>();
  const waiting = new Map<number, (usage: Usage) => void>();
  const nothing = { usedSize: 0, backingStorageSize: 0 };
  let id = 0;
  session.on('Target.attachedToTarget', ({ sessionId }) => void sessions.add(sessionId));
  session.on('Target.detachedFromTarget', ({ sessionId }) => {
    sessions.delete(sessionId);
    for (const resolve of waiting.values()) resolve(nothing);
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const reply = JSON.parse(message) as Reply;
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply.result ?? nothing);
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  return () =>
    [...sessions].map((sessionId) => {
      const mine = ++id;
      const answer = new Promise<Usage>((resolve) => waiting.set(mine, resolve));
      const message = JSON.stringify({ id: mine, method: 'Runtime.getHeapUsage' });
      void session
        .send('Target.sendMessageToTarget', { sessionId, message })
        .catch(() => waiting.get(mine)?.(nothing));
      return answer.finally(() => waiting.delete(mine));
    });
}
