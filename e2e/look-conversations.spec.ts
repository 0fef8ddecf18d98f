import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

test('the chats, empty, with some, opened and searched, have no serious violation', async ({ page }) => {
  await scriptEngine(page, {
    answers: ['To sweep. The keeper asked it to.', 'Hello.'],
    tokensPerSecond: 1000,
  });
  const chat = chatOn(page);
  await chat.openReady();
  await page.getByTestId('sidebar-toggle').click();
  await expectSound(page, 'no chats');
  await page.getByRole('button', { name: 'Close chats' }).click();
  for (const question of ['What is the task of the robot Goubi, and who gave it that task?', 'Hello?']) {
    await page.getByTestId('new-chat').click();
    await chat.ask(question);
    await chat.finished(chat.answers.first());
  }
  await page.getByTestId('sidebar-toggle').click();
  await expect(page.getByTestId('conversation')).toHaveCount(2);
  await page.getByTestId('conversation-more').first().click();
  await expectSound(page, 'two chats');
  await page.screenshot({ path: test.info().outputPath('chats.png') });
  await page.getByTestId('conversation-search').fill('robot');
  await expect(page.getByTestId('conversation')).toHaveCount(1);
  await page.getByTestId('conversation-more').first().click();
  await page.getByTestId('conversation-rename').click();
  await expectSound(page, 'searched and renaming');
  await page.screenshot({ path: test.info().outputPath('searched.png') });
  await page.getByTestId('conversation-name').press('Escape');
  await page.getByTestId('conversation-search').press('Escape');
  await expect(page.getByTestId('conversation'), 'the search is emptied').toHaveCount(2);
  await page.getByTestId('conversation-search').press('Escape');
  await expect(page.getByTestId('sidebar')).toHaveCount(0);
  await expect(page.getByTestId('sidebar-toggle')).toBeFocused();
});
