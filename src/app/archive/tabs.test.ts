import { describe, expect, it } from 'vitest';
import { tabsOf } from './tabs';

const channel = {} as BroadcastChannel;

describe('where the browser gives no locks', () => {
  const refused = () =>
    Promise.reject(new DOMException('Access to the Locks API is denied.', 'SecurityError'));
  const tabs = tabsOf(channel, { request: refused } as unknown as LockManager);

  it('does what it is asked all the same, once', async () => {
    let times = 0;
    await expect(tabs.hold('a', () => Promise.resolve(++times))).resolves.toBe(1);
    expect(times).toBe(1);
  });

  it('knows of no other tab', async () => {
    await expect(tabs.isHeld('a')).resolves.toBe(false);
  });
});

it('does nothing twice that failed under a lock', async () => {
  const request = (_: string, act: () => Promise<unknown>) => act();
  let times = 0;
  const failing = () => {
    times++;
    return Promise.reject(new Error('the turn failed'));
  };
  await expect(tabsOf(channel, { request } as unknown as LockManager).hold('a', failing)).rejects.toThrow(
    'the turn failed',
  );
  expect(times).toBe(1);
});
