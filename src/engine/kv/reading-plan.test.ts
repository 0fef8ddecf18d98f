import { describe, expect, it } from 'vitest';
import type { KvSettings } from '../../protocol';
import { defaultTspLayer, planReading } from './reading-plan';
import { fastkvSettings } from './settings.test-support';

/** Of a model none of whose layers slides. */
const plain = (L: number) => new Array<{ window: undefined }>(L).fill({ window: undefined });

/** Of Llama-3.1-8B, where L = 32 and T = 15: entries kept up to T, tokens propagated, entries kept past T. */
function sizes(N: number, more: Partial<KvSettings> = {}): number[] {
  const { kept, propagated, lowerLayers } = planReading(fastkvSettings(more), plain(32), N);
  expect(lowerLayers).toBe(16);
  expect(kept).toEqual([...new Array<number>(16).fill(kept[0]!), ...new Array<number>(16).fill(kept[31]!)]);
  return [kept[0]!, propagated, kept[31]!];
}

describe('proportional budgets', () => {
  // Made with Python's int(N * r), int(N * t) and int(int(N * t) * (r / t)); below 8, the window, nothing is compressed.
  it.each([
    [79, [79, 79, 79], [15, 31, 15], [79, 79, 79], [23, 23, 23], [31, 15, 15]],
    [80, [8, 16, 8], [16, 32, 16], [8, 24, 8], [24, 24, 24], [32, 16, 16]],
    [81, [8, 16, 8], [16, 32, 16], [8, 24, 8], [24, 24, 24], [32, 16, 16]],
    [100, [10, 20, 10], [20, 40, 20], [10, 30, 10], [30, 30, 30], [40, 20, 20]],
    [511, [51, 102, 51], [102, 204, 102], [51, 153, 51], [153, 153, 153], [204, 102, 102]],
    [512, [51, 102, 51], [102, 204, 102], [51, 153, 51], [153, 153, 153], [204, 102, 102]],
    [513, [51, 102, 51], [102, 205, 102], [51, 153, 51], [153, 153, 153], [205, 102, 102]],
    [1000, [100, 200, 100], [200, 400, 200], [100, 300, 100], [300, 300, 300], [400, 200, 200]],
    [2047, [204, 409, 204], [409, 818, 409], [204, 614, 204], [614, 614, 614], [818, 409, 409]],
    [2048, [204, 409, 204], [409, 819, 409], [204, 614, 204], [614, 614, 614], [819, 409, 409]],
    [2049, [204, 409, 204], [409, 819, 409], [204, 614, 204], [614, 614, 614], [819, 409, 409]],
    [4096, [409, 819, 409], [819, 1638, 819], [409, 1228, 409], [1228, 1228, 1228], [1638, 819, 819]],
    [
      131_072,
      ...[
        [13_107, 26_214, 13_107],
        [26_214, 52_428, 26_214],
        [13_107, 39_321, 13_107],
        [39_321, 39_321, 39_321],
        [52_428, 26_214, 26_214],
      ],
    ],
  ] as [number, number[], number[], number[], number[], number[]][])(
    'are the published ones for %i tokens',
    (N, paper, double, thirds, equal, reversed) => {
      expect(sizes(N)).toEqual(paper);
      expect(sizes(N, { retain: 0.2, tspRate: 0.4 })).toEqual(double);
      expect(sizes(N, { retain: 0.1, tspRate: 0.3 })).toEqual(thirds);
      expect(sizes(N, { retain: 0.3, tspRate: 0.3 })).toEqual(equal);
      expect(sizes(N, { retain: 0.4, tspRate: 0.2 })).toEqual(reversed);
    },
  );

  it('truncate the double product, r / t first', () => {
    // As doubles, 70 * .1 and 60 * (.1 / .3) are just above a whole number and 100 * .29 is just below one.
    expect(sizes(70, { retain: 0.1, window: 5 })[0]).toBe(7);
    expect(sizes(100, { retain: 0.29, tspRate: 0.5 })[0]).toBe(28);
    expect(sizes(200, { retain: 0.1, tspRate: 0.3 })).toEqual([20, 60, 20]);
  });
});

describe('constant budgets', () => {
  it.each([
    [79, [79, 79, 79]],
    [80, [80, 80, 80]],
    [81, [81, 81, 81]],
    [100, [100, 100, 100]],
    [500, [500, 500, 500]],
    [511, [511, 511, 511]],
    [512, [512, 512, 512]],
    [513, [512, 513, 512]],
    [1000, [512, 1000, 512]],
    [2047, [512, 2047, 512]],
    [2048, [512, 2048, 512]],
    [2049, [512, 2048, 512]],
    [4096, [512, 2048, 512]],
    [131_072, [512, 2048, 512]],
  ])('are the published ones for %i tokens', (N, expected) => {
    expect(sizes(N, { budget: 'constant' })).toEqual(expected);
  });

  it('switch propagation off for a prompt below the capacity of T, though not for one of just as much', () => {
    const more = { budget: 'constant', capacity: 600, tspLength: 200 } as const;
    expect(sizes(599, more)).toEqual([599, 599, 599]);
    expect(sizes(600, more)).toEqual([600, 200, 200]);
  });
});

describe('what is kept whole', () => {
  const whole = (N: number) => [N, N, N];

  it('has a reason', () => {
    const reason = (N: number, more: Partial<KvSettings> = {}) =>
      planReading(fastkvSettings({ floor: 256, ...more }), plain(6), N).whole;
    expect(reason(1000, { turnMode: 'full' })).toBe('policy');
    expect(reason(1000, { policy: 'full' })).toBe('policy');
    expect(reason(255)).toBe('floor');
    expect(reason(300, { window: 64 })).toBe('window');
    expect(reason(300)).toBeUndefined();
  });

  it('is a prompt shorter than the floor', () => {
    expect(sizes(299, { floor: 300 })).toEqual(whole(299));
    expect(sizes(300, { floor: 300 })).toEqual([30, 60, 30]);
  });

  it('is a prompt with a budget below the window in any layer, or with fewer propagated tokens than that', () => {
    expect(sizes(79)).toEqual(whole(79));
    expect(sizes(159, { retain: 0.1, tspRate: 0.05 })).toEqual(whole(159));
    expect(sizes(160, { retain: 0.1, tspRate: 0.05 })).toEqual([16, 8, 8]);
    // int(88 * (.1 / .99)) is 8, int(79 * (.1 / .99)) is 7.
    expect(sizes(89, { retain: 0.1, tspRate: 0.99 })).toEqual([8, 88, 8]);
    expect(sizes(80, { retain: 0.1, tspRate: 0.99 })).toEqual(whole(80));
    expect(sizes(1000, { budget: 'constant', capacity: 7 })).toEqual(whole(1000));
  });

  it('is a prompt no longer than the window, down to one token', () => {
    for (const N of [1, 7, 8]) expect(sizes(N, { retain: 0.9, tspRate: 0.95 })).toEqual(whole(N));
  });

  it('is everything with the full cache and in turn mode full, where nothing is scored', () => {
    for (const more of [{ policy: 'full' }, { turnMode: 'full' }] as const) {
      const plan = planReading(fastkvSettings({ ...more, protectFirst: 5 }), plain(6), 1000);
      const kept = new Array<number>(6).fill(1000);
      expect(plan).toEqual({
        N: 1000,
        lowerLayers: 6,
        propagated: 1000,
        kept,
        scorer: undefined,
        protect: 0,
        whole: 'policy',
      });
    }
  });
});

describe('propagation', () => {
  it('is off with T the last layer or beyond, which changes no other layer', () => {
    const off = planReading(fastkvSettings({ tspRate: 1 }), plain(6), 1000);
    expect(off).toMatchObject({ lowerLayers: 6, propagated: 1000, kept: new Array(6).fill(100) });
    for (const tspLayer of [5, 6, 40])
      expect(planReading(fastkvSettings({ tspLayer }), plain(6), 1000)).toEqual(off);
    const constant = planReading(fastkvSettings({ tspLayer: 5, budget: 'constant' }), plain(6), 4000);
    expect(constant).toMatchObject({ lowerLayers: 6, propagated: 4000, kept: new Array(6).fill(512) });
  });

  it('is off at a rate of 1, where r / t is r', () => {
    expect(planReading(fastkvSettings({ tspLayer: 2, tspRate: 1 }), plain(6), 999)).toMatchObject({
      lowerLayers: 6,
      propagated: 999,
      kept: new Array(6).fill(99),
    });
  });

  it('begins after layer T, which itself sees every token', () => {
    const plan = planReading(fastkvSettings({ tspLayer: 3, retain: 0.33, tspRate: 0.5 }), plain(6), 999);
    // int(999 * .33) = 329; int(499 * .66) = 329 as well; of 1,001 tokens 330 each.
    expect(plan).toMatchObject({ lowerLayers: 4, propagated: 499, kept: [329, 329, 329, 329, 329, 329] });
  });

  it('keeps its lower layers however short the prompt, so that follow-ups can go on from them', () => {
    for (const N of [1, 79, 80, 5000])
      expect(planReading(fastkvSettings({ tspLayer: 2 }), plain(6), N).lowerLayers).toBe(3);
  });

  it.each([
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 1],
    [16, 7],
    [24, 11],
    [28, 13],
    [32, 15],
    [36, 17],
    [40, 19],
  ])('of a model of %i layers starts at T = %i unless somebody says otherwise', (L, T) => {
    expect(defaultTspLayer(plain(L))).toBe(T);
    // A model of one layer has nothing past its T.
    expect(planReading(fastkvSettings(), plain(L), 1000).lowerLayers).toBe(T + 1);
  });
});

describe('T of a model some of whose layers slide', () => {
  /** 's' slides, '.' sees all. */
  const layersOf = (layers: string) =>
    Array.from(layers, (layer) => ({ window: layer === 's' ? 512 : undefined }));
  const chosen = (layers: string) => defaultTspLayer(layersOf(layers));

  it('is the layer nearest to the middle that sees all, the lower of two', () => {
    expect(chosen('sssss.sssss.sssss.sssss.ss')).toBe(11); // Gemma 3 1B: 12 slides
    expect(chosen('s.s.s.s.')).toBe(3);
    expect(chosen('s.s.s.s.s.')).toBe(3); // 4 slides, 3 and 5 do not
    expect(chosen('ss.s')).toBe(2);
  });

  it('is what a plan goes by where the settings have none', () => {
    const layers = layersOf('ss.sss');
    expect(planReading(fastkvSettings(), layersOf('sss.ss'), 1000).lowerLayers).toBe(4);
    expect(planReading(fastkvSettings(), layers, 1000)).toEqual(
      planReading(fastkvSettings({ tspLayer: 2 }), layers, 1000),
    );
    expect(planReading(fastkvSettings({ tspLayer: 1 }), layers, 1000).lowerLayers).toBe(2);
  });

  it('lets all tokens go on where only the last layer sees all of them', () => {
    expect(chosen('sss.')).toBe(3);
  });

  it('is the middle where every layer slides', () => {
    expect(chosen('ssssssss')).toBe(3);
  });
});

describe('protected tokens', () => {
  const protect = (more: Partial<KvSettings>, header?: number) =>
    planReading(fastkvSettings(more), plain(6), 1000, header).protect;

  it('are none in the paper', () => expect(protect({}, 20)).toBe(0));

  it('are the first ones, or the template’s system part when that is longer', () => {
    expect(protect({ protectFirst: 4 })).toBe(4);
    expect(protect({ protectFirst: 4 }, 20)).toBe(4);
    expect(protect({ protectFirst: 4, protectHeader: true }, 20)).toBe(20);
    expect(protect({ protectFirst: 4, protectHeader: true }, 3)).toBe(4);
    expect(protect({ protectFirst: 4, protectHeader: true })).toBe(4);
  });

  it('change no budget', () => {
    const { kept, propagated } = planReading(fastkvSettings({ protectFirst: 50 }), plain(6), 1000);
    const usual = planReading(fastkvSettings(), plain(6), 1000);
    expect([kept, propagated]).toEqual([usual.kept, usual.propagated]);
  });
});
