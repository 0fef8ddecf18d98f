import { describe, expect, it } from 'vitest';
import type { KvSettings } from '../../protocol';
import { checkKv } from './check-settings';
import { fastkvSettings } from './settings.test-support';

const L = 6;
const words = (changes: object) => {
  try {
    checkKv(fastkvSettings(changes), L);
    return undefined;
  } catch (thrown) {
    return thrown as { code: string; message: string };
  }
};

describe('settings of a KV policy', () => {
  const GOOD: Partial<KvSettings>[] = [
    {},
    { policy: 'full', turnMode: 'full' },
    { retain: 1, tspRate: 1 },
    { retain: 1e-3, tspRate: 1e-3 },
    { tspLayer: 0 },
    { tspLayer: L - 1 },
    { window: 1, kernel: 1 },
    { window: 64, kernel: 63 },
    { budget: 'constant', capacity: 1, tspLength: 1 },
    { protectFirst: 5, floor: 300 },
  ];
  it.each(GOOD)('may be at the ends of their ranges: %j', (changes) => {
    expect(words(changes)).toBeUndefined();
  });

  const BAD: [changes: object, needed: string][] = [
    [{ retain: 0 }, 'above 0 and at most 1'],
    [{ retain: 1.01 }, 'above 0 and at most 1'],
    [{ retain: NaN }, 'above 0 and at most 1'],
    [{ tspRate: 0 }, 'above 0 and at most 1'],
    [{ tspRate: 2 }, 'above 0 and at most 1'],
    [{ tspLayer: -1 }, 'a whole number from 0 to 5, as the model has 6 layers'],
    [{ tspLayer: L }, 'a whole number from 0 to 5, as the model has 6 layers'],
    [{ tspLayer: 1.5 }, 'a whole number from 0 to 5, as the model has 6 layers'],
    [{ window: 0 }, 'a whole number from 1 to 64'],
    [{ window: 65 }, 'a whole number from 1 to 64'],
    [{ kernel: 0 }, 'an odd number from 1 to 63'],
    [{ kernel: 6 }, 'an odd number from 1 to 63'],
    [{ kernel: 65 }, 'an odd number from 1 to 63'],
    [{ capacity: 0 }, 'a whole number of 1 or more'],
    [{ tspLength: 0.5 }, 'a whole number of 1 or more'],
    [{ protectFirst: -1 }, 'a whole number of 0 or more'],
    [{ floor: Infinity }, 'a whole number of 0 or more'],
    [{ pooling: 'mean' }, 'one of max, avg'],
    [{ budget: 'fixed' }, 'one of proportional, constant'],
    [{ policy: 'snapkv' }, 'one of full, fastkv'],
    [{ turnMode: 'fast' }, 'one of exact, lean, full'],
  ];
  it.each(BAD)('are refused with name, value and what they have to be: %j', (changes, needed) => {
    const [[name, value]] = Object.entries(changes) as [[string, unknown]];
    expect(words(changes)).toMatchObject({
      code: 'bad-argument',
      message: `${name} is ${String(value)}; it has to be ${needed}.`,
    });
  });

  it('are checked before a model is there, but for its layers, and by the names that the reader knows', () => {
    checkKv(fastkvSettings({ tspLayer: 1000 }), Infinity);
    expect(() => checkKv(fastkvSettings({ tspLayer: -1 }), Infinity, () => '--tsp-layer')).toThrow(
      '--tsp-layer is -1; it has to be a whole number of 0 or more.',
    );
  });
});
