import { expect, test } from 'vitest';
import { chooseProfile } from '../src/engine/gpu/device';
import { openNodeAdapter } from './node-gpu';

const WATCHED_MS = 100;

/** How often `setImmediate`, which Dawn's binding asks for news in, comes round meanwhile. */
const rounds = () =>
  new Promise<number>((resolve) => {
    const end = performance.now() + WATCHED_MS;
    let count = 0;
    const again = () => {
      count += 1;
      if (performance.now() < end) setImmediate(again);
      else resolve(count);
    };
    again();
  });

test('waiting for an adapter in software leaves the processors to it, and for a GPU loses no time', async () => {
  const before = await rounds();
  const { adapter } = await openNodeAdapter();
  const after = await rounds();
  // Timers count whole milliseconds, so one of 1 ms may come round a little sooner; without it there are tens of thousands.
  if (chooseProfile(adapter) === 'software') expect(after).toBeLessThanOrEqual(2 * WATCHED_MS);
  else expect(after).toBeGreaterThan(before / 2);
});
