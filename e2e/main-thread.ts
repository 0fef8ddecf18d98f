/** How long the page's main thread was held up at a time: on the clock, as the browser tells pages, and in processor time, by its trace. */
import type { Browser, Page } from '@playwright/test';

interface Held {
  readonly heldUp: number[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: when, how long, and how much of that on a processor. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** A task as long as this is felt. */
const FELT_MS = 50;

/** What `slowness` asks for takes about so long on a laptop of these years: where it takes longer, a task may, too. */
const USUAL_MS = 2.5;

const CATEGORIES = ['disabled-by-default-devtools.timeline', 'blink.user_timing'];

/** To be called before the page is opened. */
export async function watchMainThread(page: Page, browser: Browser) {
  await page.addInitScript(() => {
    const heldUp: number[] = [];
    Object.assign(window, { heldUp });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) heldUp.push(Math.round(duration));
    }).observe({ type: 'longtask' });
  });
  let bar = FELT_MS;
  const mark = (name: string) => page.evaluate((label) => void performance.mark(label), name);
  return {
    async begin() {
      bar = FELT_MS * (await slowness(page));
      await browser.startTracing(page, { categories: CATEGORIES });
      await mark('watch-begins');
      await page.evaluate(() => void (window as unknown as Held).heldUp.splice(0));
    },
    /**
     * Milliseconds of every task over `bar` since `begin`, and of the longest in processor time. A task that waited for a
     * processor because others had it is long on the clock and not in processor time; `waited` is how much of all tasks' time
     * went that way, of 1.
     */
    async end() {
      const onClock = await page.evaluate(async () => {
        // The observer is told of a task after it has ended.
        await new Promise((resolve) => setTimeout(resolve, 200));
        return (window as unknown as Held).heldUp;
      });
      await mark('watch-ends');
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
        traceEvents: TraceEvent[];
      };
      const found = tasks(traceEvents);
      const onProcessor = found.map(({ tdur = 0 }) => Math.round(tdur / 1000));
      const [clock, processor] = [
        sum(found.map(({ dur = 0 }) => dur)),
        sum(found.map(({ tdur = 0 }) => tdur)),
      ];
      return {
        bar,
        onClock: onClock.filter((ms) => ms > bar),
        onProcessor: onProcessor.filter((ms) => ms > bar),
        longest: Math.max(...onProcessor),
        waited: 1 - processor / clock,
      };
    },
    /** Does nothing else for so long. */
    hold: (ms: number) =>
      page.evaluate(async (duration) => {
        await new Promise((resolve) => setTimeout(resolve, 0));
        const end = performance.now() + duration;
        while (performance.now() < end);
      }, ms),
  };
}

/** How many times as long as usual this processor takes now, at least 1: for objects, sorting and strings, as a page does. */
async function slowness(page: Page): Promise<number> {
  const ms = await page.evaluate(() => {
    const taken = Array.from({ length: 31 }, () => {
      const start = performance.now();
      const rows = Array.from({ length: 10_000 }, (_, i) => ({
        name: `row ${i}`,
        place: (i * 7919) % 10_007,
      }));
      rows.sort((a, b) => a.place - b.place);
      if (rows.map(({ name }) => name).join().length < 10_000) throw new Error('nothing was done');
      return performance.now() - start;
    });
    return taken.sort((a, b) => a - b)[15]!;
  });
  return Math.max(1, ms / USUAL_MS);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, next) => total + next, 0);

/** Every task between the marks. */
function tasks(events: readonly TraceEvent[]): readonly TraceEvent[] {
  const begin = events.find(({ name }) => name === 'watch-begins');
  const end = events.find(({ name }) => name === 'watch-ends');
  if (begin === undefined || end === undefined) throw new Error('the trace has no marks');
  const found = events.filter(
    ({ name, pid, tid, ts }) =>
      name === 'RunTask' && pid === begin.pid && tid === begin.tid && ts > begin.ts && ts < end.ts,
  );
  if (!found.some(({ tdur = 0 }) => tdur > 0)) throw new Error('the trace tells no processor time');
  return found;
}
