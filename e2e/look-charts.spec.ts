import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

test('charts and their tables have no serious violation, and none is wider than its panel', async ({
  page,
  isMobile,
}) => {
  await scriptEngine(page, { answers: ['Because of this.', 'And of that.'], tokensPerSecond: 100 });
  const chat = chatOn(page);
  await chat.openReady();
  for (const [turn, question] of ['Why?', 'And why else?'].entries()) {
    await chat.ask(question);
    await chat.finished(chat.answers.nth(turn));
  }
  if (isMobile) await page.getByTestId('inspector-toggle').click();
  for (const name of ['First token', 'Writing', 'Memory']) {
    await page.getByRole('radio', { name, exact: true }).check();
    await page.getByTestId('chart').scrollIntoViewIfNeeded();
    await expect(page.getByTestId('chart-picture').locator('canvas')).toBeVisible();
    await expectSound(page, `${name}, drawn`);
    await page.getByTestId('chart-as-table').click();
    await expect(page.getByTestId('chart-table')).toBeVisible();
    await expectSound(page, `${name}, as a table`);
    await page.getByTestId('chart-as-table').click();
  }
});
