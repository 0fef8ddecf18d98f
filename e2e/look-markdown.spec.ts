import { expect, test } from '@playwright/test';
import { MARKDOWN_ANSWER } from './markdown-answer';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

test('an answer is drawn as its Markdown means it, and what is wide scrolls within itself', async ({
  page,
}) => {
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await scriptEngine(page, { answers: [MARKDOWN_ANSWER], tokensPerSecond: 2000 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  const answer = page.getByTestId('answer-text');
  await expect(answer.locator('.katex')).toHaveCount(5);
  await expect(answer.locator('.hl-keyword').first()).toHaveText('export');
  await expect(answer).toContainText('It costs $5 to $10;');
  await expect(answer.locator('tbody tr')).toHaveCount(2);
  const scrolls = (selector: string) =>
    answer.locator(selector).evaluate((element) => element.scrollWidth > element.clientWidth);
  expect(await scrolls('.md-table')).toBe(true);
  expect(await scrolls('.md-code pre')).toBe(true);
  expect(complaints, 'of the policy, or of anything').toEqual([]);
  await expectSound(page, 'answer in Markdown', { scrollingWithin: '.answer-text' });
});
