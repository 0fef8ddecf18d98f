import { expect, test, type Page } from '@playwright/test';
import { watchMainThread } from './main-thread';
import { MARKDOWN_ANSWER } from './markdown-answer';
import { chatOn, longText } from './page';
import { scriptEngine } from './scripted-engine';

const TURNS = 100;
const DOCUMENT = longText(60).slice(0, 60_000);

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** An answer that is long already. */
const HEAD = `${MARKDOWN_ANSWER}\n`.repeat(15);

/** What costs most as it grows: a long table, long code, a long list with formulas, a long paragraph. */
const GROWING = [
  `| Row | Value | Said of it |\n|---|---|---|\n${times(60, (row) => `| ${row} | **${row * 7}** | in \`row ${row}\` |`)}`,
  `\`\`\`ts\n${times(60, (line) => `const value${line} = compute(${line}, 'text'); // said of it`)}\n\`\`\``,
  times(30, (item) => `${item + 1}. Item ${item} with $x_{${item}}^2$ and **more** of it`),
  'A long paragraph goes on with *some* words and `code` in it. '.repeat(30),
].join('\n\n');

/** Asks again and again, faster than hands could. */
async function converse(page: Page, turns: number): Promise<void> {
  await page.evaluate(async (count) => {
    const box = document.querySelector<HTMLTextAreaElement>('[data-testid=composer]');
    const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
    if (!box || !value?.set) throw new Error('no composer');
    for (let turn = 0; turn < count; turn += 1) {
      value.set.call(box, `Question ${turn}?`);
      box.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await new Promise((resolve) => requestAnimationFrame(resolve));
      box.form?.requestSubmit();
      const answered = () => document.querySelectorAll('[data-testid=answer][data-state=done]').length > turn;
      while (!answered()) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }, turns);
}

/**
 * What the page does takes as long every time; what others do on its processor holds it up now and then. So one watch of
 * these without a task over the bar is proof.
 */
const WATCHES = 3;

/** Of the tasks' time: where they waited longer for a processor, the clock measures what else the machine has to do. */
const BUSY = 0.1;

type Thread = Awaited<ReturnType<typeof watchMainThread>>;

/** A turn that is typed and scrolled into: on the clock, or in processor time on a busy machine. */
async function watched(page: Page, thread: Thread) {
  await thread.begin();
  await disturb(page);
  const { clock, processor, waited } = await thread.end();
  const [seen, by] = waited < BUSY ? [clock, 'on the clock'] : [processor, 'of a processor'];
  const told = [
    `longest task ${seen.longest.toFixed(0)} ms ${by}, the bar ${seen.bar.toFixed(0)} ms`,
    `over it: ${seen.tasks.join(' ') || 'none'}`,
    `${(100 * waited).toFixed(1)} % waited for a processor`,
  ].join('; ');
  test.info().annotations.push({ type: 'watch', description: told });
  return { unsmooth: seen.tasks, told };
}

/**
 * Types and scrolls while an answer is written. Asked of the document itself: a locator walks every element of the page,
 * and would be the longest task there is.
 */
async function disturb(page: Page): Promise<void> {
  const states = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('[data-testid=answer]')].map(({ dataset }) => dataset.state),
    );
  const written = (await states()).length;
  await page.evaluate(() => document.querySelector<HTMLElement>('[data-testid=composer]')?.focus());
  await page.keyboard.type('And the last?');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await states())[written]).toBe('writing');
  await page.mouse.move(640, 300);
  for (let round = 0; (await states())[written] === 'writing'; round += 1) {
    await page.keyboard.type('some words ', { delay: 40 });
    await page.mouse.wheel(0, round % 4 === 3 ? 5000 : -700);
  }
}

test('typing and scrolling stay smooth while Markdown streams into a long conversation', async ({
  page,
  browser,
}) => {
  const thread = await watchMainThread(page, browser);
  await scriptEngine(page, {
    answers: [...Array.from({ length: TURNS - 1 }, () => MARKDOWN_ANSWER), HEAD + GROWING],
    tokensPerSecond: 100,
    atOnce: TURNS - 1,
    headStart: HEAD.length,
    // What a model cannot hold is not sent.
    contextLength: 131_072,
  });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachFile('long.txt', DOCUMENT);
  await converse(page, TURNS - 1);
  await expect(page.getByTestId('message')).toHaveCount(2 * TURNS - 2);

  await thread.begin();
  await thread.hold(1000);
  const held = await thread.end();
  expect(held.clock.tasks.length, 'what holds the page up is seen').toBeGreaterThan(0);
  expect(held.processor.tasks.length, 'and in processor time').toBeGreaterThan(0);

  const watches = [await watched(page, thread)];
  while (watches.length < WATCHES && watches.at(-1)!.unsmooth.length > 0)
    watches.push(await watched(page, thread));
  expect(watches.at(-1)!.unsmooth, watches.map(({ told }) => told).join('\n')).toEqual([]);
  const answer = chat.answers.last();
  await expect(answer.getByTestId('answer-text').locator('tbody tr')).toHaveCount(60 + 2 * 15);
});

/** Every version is kept, so a short one: what grows besides is what should not. */
const BRIEF_ANSWER = '**So** it is:\n\n- one\n- `two`\n\n| a |\n|---|\n| $x^2$ |\n\n```ts\nlet a = 1;\n```\n';

test('a hundred other answers to one question leave the heap as it was', async ({
  playwright,
  launchOptions,
  baseURL,
}) => {
  // Machine code would be most of what grows: V8 compiles for thousands of cycles, and keeps that in the heap too.
  const args = [...(launchOptions.args ?? []), '--js-flags=--jitless'];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  const page = await browser.newPage({ ...(baseURL !== undefined && { baseURL }) });
  await scriptEngine(page, { answers: [BRIEF_ANSWER], tokensPerSecond: 1e6 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    // Ports of finished calls are given back by finalisers, which run between collections.
    for (let round = 0; round < 4; round += 1) {
      await session.send('HeapProfiler.collectGarbage');
      await page.waitForTimeout(250);
    }
    return ((await session.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize;
  };
  const regenerate = (times: number) =>
    page.evaluate(async (count) => {
      for (let cycle = 0; cycle < count; cycle += 1) {
        const before = document.querySelector('[data-testid=branch-place]')?.textContent;
        const button = document.querySelector<HTMLElement>('[data-testid=regenerate]');
        if (button === null) throw new Error('there is no other answer to ask for');
        button.click();
        const isDone = () =>
          document.querySelector('[data-testid=branch-place]')?.textContent !== before &&
          document.querySelector('[data-testid=answer]')?.getAttribute('data-state') === 'done';
        while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }, times);
  // What is made once is made by then.
  await regenerate(100);
  const before = await heap();
  await regenerate(100);
  await expect(page.getByTestId('branch-place')).toContainText('201');
  const growth = (await heap()) / before - 1;
  test.info().annotations.push({ type: 'growth of the heap', description: `${(growth * 100).toFixed(2)} %` });
  await browser.close();
  expect(growth).toBeLessThan(0.05);
});
