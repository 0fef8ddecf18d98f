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
  const mark = (name: string) => page.evaluate((label) => void performance.mark(label), name);
  return {
    async begin() {
      await browser.startTracing(page, { categories: CATEGORIES });
      await mark('watch-begins');
      await page.evaluate(() => void (window as unknown as Held).heldUp.splice(0));
    },
    /**
     * Milliseconds of every task over 50 ms since `begin`, and of the longest in processor time. A task that waited for a processor because others had it is long on the
     * clock and not in processor time; `waited` is how much of all tasks' time went that way, of 1.
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
        onClock,
        onProcessor: onProcessor.filter((ms) => ms > 50),
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
