import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

const THOUGHT = 'They ask why. The **document** says so in its second part. '.repeat(12);
const ANSWERS = [`<think>\n${THOUGHT}\n</think>\n\nBecause of *that*.`];

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
