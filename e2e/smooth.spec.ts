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

test('typing and scrolling stay smooth while Markdown streams into a long conversation', async ({
  page,
  browser,
}) => {
  test.setTimeout(300_000);
  const thread = await watchMainThread(page, browser);
  await scriptEngine(page, {
    answers: [...Array.from({ length: TURNS - 1 }, () => MARKDOWN_ANSWER), HEAD + GROWING],
    tokensPerSecond: 100,
    atOnce: TURNS - 1,
    headStart: HEAD.length,
  });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachFile('long.txt', DOCUMENT);
  await converse(page, TURNS - 1);
  await expect(page.getByTestId('message')).toHaveCount(2 * TURNS - 2);

  await thread.begin();
  await thread.hold(1000);
  const held = await thread.end();
  expect(held.onClock.length, 'what holds the page up is seen').toBeGreaterThan(0);
  expect(held.onProcessor.length, 'and in processor time').toBeGreaterThan(0);

  await thread.begin();
  await chat.ask('And the last?');
  const answer = chat.answers.last();
  await expect(answer).toHaveAttribute('data-state', 'writing');
  await page.getByTestId('transcript').hover();
  for (let round = 0; (await answer.getAttribute('data-state')) === 'writing'; round += 1) {
    await chat.composer.focus();
    await page.keyboard.type('some words ', { delay: 40 });
    await page.mouse.wheel(0, round % 4 === 3 ? 5000 : -700);
  }
  const { onClock, onProcessor, longest } = await thread.end();
  test
    .info()
    .annotations.push(
      { type: 'longest task, ms of a processor', description: String(longest) },
      { type: 'tasks over 50 ms on the clock', description: onClock.join(' ') },
    );
  expect(onProcessor).toEqual([]);
  await expect(answer.getByTestId('answer-text').locator('tbody tr')).toHaveCount(60 + 2 * 15);
});
