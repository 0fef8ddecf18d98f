import { expect } from 'vitest';

/** Every member of one set and not of the other has the score of the cut, but for rounding. */
export function expectEqualUpToTies(
  found: readonly number[],
  expected: readonly number[],
  scoreOf: (p: number) => number,
) {
  expect(found).toHaveLength(expected.length);
  const swapped = [
    ...found.filter((p) => !expected.includes(p)),
    ...expected.filter((p) => !found.includes(p)),
  ];
  const cut = Math.min(...swapped.map(scoreOf));
  for (const p of swapped) expect((scoreOf(p) - cut) / cut).toBeLessThan(1e-6);
}
