import { expect, it } from 'vitest';
import { byDay } from './days';

const at = (year: number, month: number, day: number, hour: number) =>
  new Date(year, month - 1, day, hour).getTime();
const summary = (name: string, updatedAt: number) => ({ id: name, name, updatedAt });

it('goes by the days of the clock, not by hours that have passed', () => {
  const days = byDay(
    [
      summary('a', at(2026, 5, 4, 0)),
      summary('b', at(2026, 5, 3, 23)),
      summary('c', at(2026, 5, 3, 1)),
      summary('d', at(2026, 5, 2, 12)),
      summary('e', at(2025, 12, 31, 12)),
    ],
    at(2026, 5, 4, 1),
  );
  expect(days.map(({ label, conversations }) => [label, ...conversations.map(({ id }) => id)])).toEqual([
    ['Today', 'a'],
    ['Yesterday', 'b', 'c'],
    ['Saturday, May 2', 'd'],
    ['December 31, 2025', 'e'],
  ]);
});
