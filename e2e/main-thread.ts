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

/** What `work` does takes about so long on a laptop of these years: where it takes longer, a task may, too. */
const USUAL_MS = 18;

const CATEGORIES = ['disabled-by-default-devtools.timeline', 'blink.user_timing'];

/** To be called before the page is opened. */
export async function watchMainThread(page: Page, browser: Browser) {
  await page.addInitScript(() => {
    const heldUp: number[] = [];
    Object.assign(window, { heldUp });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) heldUp.push(duration);
    }).observe({ type: 'longtask' });
  });
  // Another page, so that what this one draws does not make its own bar.
  const meter = await browser.newPage();
  page.once('close', () => void meter.close());
  const mark = (name: string) => page.evaluate((label) => void performance.mark(label), name);
  return {
    async begin() {
      await browser.startTracing(page, { categories: CATEGORIES });
      await work(meter, 'before');
      await mark('watch-begins');
      await page.evaluate(() => void (window as unknown as Held).heldUp.splice(0));
    },
    /**
     * Of every task since `begin` that was over its bar: how long it was, in ms, on the clock and in processor time. A task that
     * waited for a processor because others had it is long on the clock alone; `waited` is how much of all tasks' time went
     * that way, of 1.
     */
    async end(): Promise<Watch> {
      const heldUp = await page.evaluate(async () => {
        // The observer is told of a task after it has ended.
        await new Promise((resolve) => setTimeout(resolve, 200));
        return (window as unknown as Held).heldUp;
      });
      await mark('watch-ends');
      await work(meter, 'after');
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
        traceEvents: TraceEvent[];
      };
      const found = tasks(traceEvents, 'watch');
      const meters = [tasks(traceEvents, 'before'), tasks(traceEvents, 'after')];
      const over = (times: readonly number[], timeOf: TimeOf) => {
        const bar = FELT_MS * Math.max(...meters.map((worked) => slowness(worked.map(timeOf))));
        return { bar, longest: Math.max(0, ...times), tasks: times.filter((ms) => ms > bar).map(Math.round) };
      };
      return {
        clock: over(heldUp, onClock),
        processor: over(found.map(onProcessor), onProcessor),
        waited: 1 - sum(found.map(onProcessor)) / sum(found.map(onClock)),
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

interface Over {
  /** The longest that a task may take on this machine at this time, in ms. */
  readonly bar: number;
  readonly longest: number;
  readonly tasks: readonly number[];
}

export interface Watch {
  readonly clock: Over;
  readonly processor: Over;
  readonly waited: number;
}

type TimeOf = (task: TraceEvent) => number;

const onClock: TimeOf = ({ dur = 0 }) => dur / 1000;
const onProcessor: TimeOf = ({ tdur = 0 }) => tdur / 1000;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, next) => total + next, 0);

/** How often `work` does it. */
const TIMES = 40;

/** What pages do, as tasks of their own between two marks: objects, sorting, and a table that is styled and laid out. */
async function work(meter: Page, when: string): Promise<void> {
  await meter.evaluate(
    async ([label, times]) => {
      performance.mark(`${label}-begins`);
      for (let time = 0; time < times; time += 1) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        const rows = Array.from({ length: 10_000 }, (_, i) => ({
          name: `row ${i}`,
          place: (i * 7919) % 10_007,
        }));
        rows.sort((a, b) => a.place - b.place);
        const table = document.createElement('table');
        for (const { name, place } of rows.slice(0, 400)) {
          const row = table.insertRow();
          row.insertCell().append(name);
          const figure = document.createElement('strong');
          figure.textContent = String(place);
          row.insertCell().append(figure, ' said of it');
        }
        document.body.append(table);
        if (table.offsetHeight === 0) throw new Error('nothing was laid out');
        table.remove();
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
      performance.mark(`${label}-ends`);
    },
    [when, TIMES] as const,
  );
}

/**
 * How many times as long as usual the work took, at least 1. Of forty times the fourth longest: on a machine that others use too
 * the same work takes a third more or less from one moment to the next, and so do the page's longest tasks.
 */
function slowness(took: readonly number[]): number {
  const longestFirst = took.toSorted((a, b) => b - a);
  return Math.max(1, longestFirst[TIMES / 10 - 1]! / USUAL_MS);
}

/** Every task between the marks. */
function tasks(events: readonly TraceEvent[], between: string): readonly TraceEvent[] {
  const begin = events.find(({ name }) => name === `${between}-begins`);
  const end = events.find(({ name }) => name === `${between}-ends`);
  if (begin === undefined || end === undefined) throw new Error(`the trace has no marks of ${between}`);
  const found = events.filter(
    ({ name, pid, tid, ts }) =>
      name === 'RunTask' && pid === begin.pid && tid === begin.tid && ts > begin.ts && ts < end.ts,
  );
  if (!found.some(({ tdur = 0 }) => tdur > 0)) throw new Error('the trace tells no processor time');
  return found;
}
