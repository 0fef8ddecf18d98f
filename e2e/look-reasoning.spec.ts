import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

const THOUGHT = 'They ask why. The **document** says so in its second part. '.repeat(12);
const ANSWERS = [`<think>\n${THOUGHT}\n</think>\n\nBecause of *that*.`];

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('what a model thinks is folded away and timed, and opened by keyboard', async ({ page }) => {
      await scriptEngine(page, { answers: ANSWERS, tokensPerSecond: 100 });
      const chat = chatOn(page);
      await chat.openReady();
      await chat.ask('Why?');
      const label = page.getByTestId('reasoning-label');
      await expect(label).toHaveText(/^Thinking… \d+\ss$/);
      await expect(page.getByTestId('answer-text')).toHaveCount(0);
      await chat.finished(chat.answers.first());
      await expect(label).toHaveText(/^Thought for \d+\ss$/);
      await expect(page.getByTestId('answer-text')).toHaveText('Because of that.');
      await expect(page.getByTestId('reasoning-text')).toHaveCount(0);

      await label.focus();
      await page.keyboard.press('Enter');
      await expect(page.getByTestId('reasoning-text')).toContainText('The document says so');
      await expectSound(page, 'a thought unfolded');
    });
  });
}

test('an answer is copied as its Markdown, without the thought before it', async ({ page }) => {
  await scriptEngine(page, { answers: ANSWERS, tokensPerSecond: 5000 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('Why?');
  await chat.finished(chat.answers.first());
  await chat.answers.first().hover();
  await page.getByRole('button', { name: 'Copy the answer' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('Because of *that*.');
});
