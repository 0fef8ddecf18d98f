import { describe, expect, it } from 'vitest';
import type { Scorer } from './policy';
import { noise } from '../kernels/cases';
import { k, PUBLISHED, q, range, SELECTIONS, WINDOW } from './published-selection.test-support';
import {
  poolScoresReference,
  selectTopReference,
  sumRows,
  windowScoresReference,
  type Selection,
} from './score-reference';

const { H, G, N, D, window } = PUBLISHED;
const scores = windowScoresReference({ H, G, D, N, window, scale: D ** -0.5, q, capacity: N, k });
const pooledBy = (pooling: Scorer['pooling']) =>
  poolScoresReference({ H, G, N }, { window, kernel: 7, pooling }, scores);
const pooled = { max: pooledBy('max'), avg: pooledBy('avg') };
const total = { max: sumRows(pooled.max, N), avg: sumRows(pooled.avg, N) };

const inHead = (pooling: Scorer['pooling'], g: number) => pooled[pooling].subarray(g * N, (g + 1) * N);
const select = (from: Float32Array, take: number, protect = 0) => [
  ...selectTopReference({ N, window, protect, take }, from),
];

/** Scores of the best tokens before the window, highest first. */
const ranked = (from: Float32Array) => Array.from(from.subarray(0, N - window)).sort((a, b) => b - a);

describe('the scores of the published selection function', () => {
  const close = (found: Iterable<number>, expected: readonly number[]) => {
    const values = [...found];
    expect(values).toHaveLength(expected.length);
    values.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6));
  };

  it('are made from its queries and keys', () => {
    close(q.subarray(7 * H * D, 7 * H * D + 3), [1.4477043, 0.1368104, -1.352297]);
    close(k.subarray((N + 10) * D, (N + 10) * D + 3), [1.2078378, 0.0445202, -1.1529348]);
  });

  it('are met with maximum pooling', () => {
    close(inHead('max', 0).subarray(0, 5), [1.5170346, 1.5170346, 1.5170346, 1.5170346, 1.014299]);
    close(inHead('max', 1).subarray(0, 5), [0.5106986, 0.5106986, 0.5194049, 0.5678781, 0.5678781]);
  });

  it('are met with average pooling, which divides by the whole kernel at the start', () => {
    close(inHead('avg', 0).subarray(0, 5), [0.2745936, 0.2844892, 0.429389, 0.4589928, 0.2655111]);
    close(inHead('avg', 1).subarray(0, 5), [0.1418336, 0.1570105, 0.2079776, 0.2751052, 0.2221599]);
  });
});

describe('the selections of the published function', () => {
  it.each(SELECTIONS)('$name: $pooling pooling, capacity $capacity, TSP length $tspLength', (published) => {
    const { pooling, capacity, tspLength, kept, propagated } = published;
    kept.forEach((positions, g) => {
      if (positions) expect(select(inHead(pooling, g), capacity)).toEqual([...positions, ...WINDOW]);
    });
    expect(select(total[pooling], tspLength)).toEqual([...propagated, ...WINDOW]);
  });

  it('A: average pooling, in the order of scores', () => {
    const order = (g: number) =>
      range(0, N - window - 1).sort((a, b) => inHead('avg', g)[b]! - inHead('avg', g)[a]!);
    expect(order(0).slice(0, 8)).toEqual([3, 2, 19, 13, 18, 8, 14, 16]);
    expect(order(1).slice(0, 8)).toEqual([13, 14, 19, 35, 18, 30, 34, 29]);
  });

  it('C: the tied cut of the other head goes to the lower indices', () => {
    const found = select(inHead('max', 1), 19);
    const cut = ranked(inHead('max', 1))[19 - window - 1]!;
    expect(ranked(inHead('max', 1))[19 - window]).toBe(cut);
    // All above the cut, and of those at it the first.
    const above = range(0, 55).filter((s) => inHead('max', 1)[s]! > cut);
    const tied = range(0, 55).filter((s) => inHead('max', 1)[s] === cut);
    const expected = [...above, ...tied.slice(0, 19 - window - above.length), ...WINDOW];
    expect(found).toEqual(expected.sort((a, b) => a - b));
  });

  it('E: maximum pooling, of fewer than 40 beside the window, is tied at every cut but these', () => {
    const strict = (from: Float32Array) => {
      const best = ranked(from);
      return range(1, 39).filter((count) => best[count - 1]! - best[count]! > 1e-6);
    };
    expect(strict(inHead('max', 0))).toEqual([4, 11, 16, 23, 28, 35, 39]);
    expect(strict(inHead('max', 1))).toEqual([7, 14, 20, 21, 25, 26, 31, 36, 37, 38]);
    expect(strict(total.max)).toEqual([7, 8, 9, 11, 18, 19, 23, 28, 34, 35, 39]);
  });
});

describe('a selection', () => {
  const kinds: Readonly<Record<string, (length: number) => Float32Array>> = {
    'random scores': (length) => noise(length, 1).map(Math.abs),
    'equal scores': (length) => new Float32Array(length).fill(0.5),
    'scores of zero': (length) => new Float32Array(length),
    'plateaus of seven': (length) => Float32Array.from({ length }, (_, i) => (Math.floor(i / 7) % 5) / 5),
    'ascending scores': (length) => Float32Array.from({ length }, (_, i) => i),
  };
  const settings: readonly Selection[] = [8, 9, 60, 61].flatMap((N) =>
    [1, 8].flatMap((w) =>
      [w, Math.min(N, w + 1), Math.max(w, N >> 1), Math.max(w, N - 1), N].flatMap((take) =>
        [0, 4, 100].map((protect) => ({ N, window: w, protect, take })),
      ),
    ),
  );

  describe.each(Object.entries(kinds))('from %s', (_, make) => {
    const each = (check: (selection: Selection, chosen: number[], from: Float32Array) => void) =>
      settings.forEach((selection) => {
        const from = make(selection.N);
        check(selection, [...selectTopReference(selection, from)], from);
      });

    it('has exactly the size that was asked for, ascending and within the sequence', () => {
      each(({ N, take }, chosen) => {
        expect(chosen).toHaveLength(take);
        expect(chosen.every((s, i) => s < N && s > (chosen[i - 1] ?? -1))).toBe(true);
      });
    });

    it('holds the window, and the protected tokens as far as there is room', () => {
      each(({ N, window: w, protect, take }, chosen) => {
        expect(chosen.slice(-w)).toEqual(range(N - w, N - 1));
        const first = Math.min(protect, take - w);
        expect(chosen.slice(0, first)).toEqual(range(0, first - 1));
      });
    });

    it('leaves out nothing better than what it took, and of equals takes the lower', () => {
      each(({ N, window: w, protect, take }, chosen, from) => {
        const free = range(Math.min(protect, take - w), N - w - 1);
        const taken = free.filter((s) => chosen.includes(s));
        const left = free.filter((s) => !chosen.includes(s));
        for (const a of taken) {
          expect(left.every((b) => from[a]! > from[b]! || (from[a] === from[b] && a < b))).toBe(true);
        }
      });
    });
  });
});
