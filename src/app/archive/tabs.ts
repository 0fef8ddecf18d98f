/** Other tabs of the same page: what they changed, and which of them answers in a conversation. */

export interface TabNews {
  /** `began`: an answer, which holds the conversation until it is over. */
  readonly what: 'changed' | 'removed' | 'began';
  /** Of the conversation. */
  readonly id: string;
}

export interface Tabs {
  tell(news: TabNews): void;
  /** News of the others. */
  listen(hear: (news: TabNews) => void): void;
  /** Does it while no other tab does something to this conversation under the same lock. */
  hold<T>(id: string, act: () => Promise<T>): Promise<T>;
  isHeld(id: string): Promise<boolean>;
}

/** For where there are no others. */
export const ALONE: Tabs = {
  tell: () => undefined,
  listen: () => undefined,
  hold: (_, act) => act(),
  isHeld: () => Promise.resolve(false),
};

/** The same, but that what is done under a lock is settled before another tab gets it. */
export function settling(tabs: Tabs, settle: () => Promise<void>): Tabs {
  return { ...tabs, hold: (id, act) => tabs.hold(id, () => act().finally(settle)) };
}

/**
 * `locks` is not there outside a secure context, where there is no WebGPU either. Where the browser lets a site store
 * nothing, it gives no lock either; then there is nothing that tabs could share.
 */
export function tabsOf(channel: BroadcastChannel, locks: LockManager | undefined): Tabs {
  if (locks === undefined) return ALONE;
  const nameOf = (id: string) => `fastkv.conversation.${id}`;
  return {
    tell: (news) => channel.postMessage(news),
    listen: (hear) => channel.addEventListener('message', ({ data }: MessageEvent<TabNews>) => hear(data)),
    async hold(id, act) {
      const turn = { begun: false };
      const begin = () => {
        turn.begun = true;
        return act();
      };
      try {
        return await locks.request(nameOf(id), begin);
      } catch (error) {
        if (turn.begun) throw error;
        return act();
      }
    },
    isHeld: (id) =>
      locks.request(nameOf(id), { ifAvailable: true }, (lock) => lock === null).catch(() => false),
  };
}
