import { expect, test } from '@playwright/test';
import { MARKDOWN_ANSWER } from './markdown-answer';
import { chatOn } from './page';
import { scriptEngine } from './scripted-engine';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

test('an answer is copied as its Markdown, without the thought before it', async ({ page }) => {
  await scriptEngine(page, {
    answers: ['<think>\nThey ask why.\n</think>\n\nBecause of *that*.'],
    tokensPerSecond: 5000,
  });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('Why?');
  await chat.finished(chat.answers.first());
  await chat.answers.first().hover();
  await page.getByRole('button', { name: 'Copy the answer' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('Because of *that*.');
});

test('code is copied as it was written, by keyboard', async ({ page }) => {
  await scriptEngine(page, {
    answers: ['So:\n\n```ts\nconst a = "`";\n\n  b();\n```\n'],
    tokensPerSecond: 2000,
  });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  await page.getByTestId('copy-code').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('copy-code')).toHaveAccessibleName('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('const a = "`";\n\n  b();');
  await expect(page.getByTestId('copy-code')).toHaveAccessibleName('Copy code');
});

test('highlighting and KaTeX are asked for by the answers that need them alone', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname.split('/').at(-1) ?? ''));
  const extras = () => asked.filter((name) => /^(math|highlighted|KaTeX)/.test(name)).sort();
  const answers = ['A **plain** one with `code`.', '```ts\nlet a = 1;\n```', 'And $x^2$.'];
  await scriptEngine(page, { answers, tokensPerSecond: 2000 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('One?');
  await chat.finished(chat.answers.nth(0));
  expect(extras()).toEqual([]);
  await chat.ask('Two?');
  await expect(page.locator('.hl-keyword')).toHaveText('let');
  expect(extras().filter((name) => !name.startsWith('highlighted'))).toEqual([]);
  await chat.ask('Three?');
  await expect(page.locator('.katex').first()).toBeVisible();
});

test('without what draws formulas and colours, an answer shows them as they are written', async ({
  page,
}) => {
  await page.route(/\/assets\/(math|highlighted)-/, (route) => route.abort());
  await scriptEngine(page, { answers: [MARKDOWN_ANSWER], tokensPerSecond: 2000 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  const answer = page.getByTestId('answer-text');
  await expect(answer).toContainText('For a prompt of $N$ tokens');
  await expect(answer).toContainText('\\sum_{l=0}^{T} N^2');
  await expect(answer.locator('.md-code')).toContainText('export function poolScores');
});
