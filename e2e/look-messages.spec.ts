import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

test('a message with its actions, its versions and its words in a box has no serious violation', async ({
  page,
}) => {
  await scriptEngine(page, { answers: ['It was Goubi.', 'The robot **Goubi** was.'], tokensPerSecond: 1000 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await chat.ask('Who swept the floor?');
  await chat.finished(chat.answers.first());
  await page.getByTestId('regenerate').click();
  await expect(page.getByTestId('branch-place')).toBeVisible();
  await chat.finished(chat.answers.first());
  await expectSound(page, 'answered twice');
  await page.screenshot({ path: test.info().outputPath('versions.png') });
  await page.getByTestId('edit').click();
  await expectSound(page, 'a question in its box');
  const box = await page.locator('.edit-question').boundingBox();
  const answer = await chat.answers.first().boundingBox();
  expect(answer!.y - box!.y - box!.height, 'room below the box').toBeGreaterThanOrEqual(16);
  await page.screenshot({ path: test.info().outputPath('editing.png') });
  await page.getByTestId('edit-cancel').click();
  await page.getByTestId('answer-actions').getByTestId('remove').click();
  await expectSound(page, 'an answer deleted');
  await page.screenshot({ path: test.info().outputPath('deleted.png') });
});
