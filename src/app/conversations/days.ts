import type { Summary } from '../archive/search';

export interface Day {
  readonly label: string;
  readonly conversations: readonly Summary[];
}

const DAY_MS = 86_400_000;
const thisYear = new Intl.DateTimeFormat('en-US', { weekday: 'long', day: 'numeric', month: 'long' });
const before = new Intl.DateTimeFormat('en-US', { day: 'numeric', month: 'long', year: 'numeric' });

/** A list that is sorted by time, by the days of the visitor's clock. */
export function byDay(list: readonly Summary[], now: number): readonly Day[] {
  const days = new Map<string, Summary[]>();
  for (const summary of list) {
    const label = dayOf(summary.updatedAt, now);
    days.set(label, [...(days.get(label) ?? []), summary]);
  }
  return [...days].map(([label, conversations]) => ({ label, conversations }));
}

function dayOf(time: number, now: number): string {
  const [day, today] = [new Date(time), new Date(now)];
  // Days are counted by their noons, which a change of the clock does not move to another day.
  const ago = Math.round((noonOf(today) - noonOf(day)) / DAY_MS);
  if (ago <= 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return (day.getFullYear() === today.getFullYear() ? thisYear : before).format(day);
}

const noonOf = (date: Date) => new Date(date).setHours(12, 0, 0, 0);
