import { expect } from '@playwright/test';
import { chatOn, test } from './page';
import { scriptEngine } from './scripted-engine';

test('? opens a sheet of all shortcuts, and each does what it says', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  const sheet = page.getByTestId('shortcuts-dialog');

  // In a field a ? is a ?.
  await chat.composer.pressSequentially('What?');
  await expect(chat.composer).toHaveValue('What?');
  await expect(sheet).toHaveCount(0);
  await chat.composer.fill('');
  await page.getByTestId('settings-open').focus();
  await page.keyboard.press('?');
  await expect(sheet).toBeVisible();
  for (const said of [
    'Start a new chat',
    'Stop reading',
    'Go to the inspector',
    'Regenerate the last answer',
  ])
    await expect(sheet).toContainText(said);
  await page.keyboard.press('Control+i');
  await expect(page.getByTestId('inspector'), 'a dialog keeps the keys').not.toBeFocused();
  await page.keyboard.press('Escape');
  await expect(sheet).toHaveCount(0);
  await expect(page.getByTestId('settings-open')).toBeFocused();

  await page.keyboard.press('Control+i');
  await expect(page.getByTestId('inspector')).toBeFocused();
  await page.keyboard.press('Shift+Escape');
  await expect(chat.composer).toBeFocused();

  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  const answer = page.getByTestId('answer-text').first();
  const before = await answer.textContent();
  await page.keyboard.press('Control+Shift+Enter');
  await expect(page.getByTestId('answer')).toHaveAttribute('data-state', /reading|writing/);
  await chat.finished(chat.answers.first());
  await expect(answer).toHaveText(before ?? '');
  await page.keyboard.press('Control+Shift+O');
  await expect(chat.answers).toHaveCount(0);
  await expect(chat.composer).toBeFocused();
});

test('single signs can be switched off, and the sheet still opens by Ctrl+/', async ({ page }) => {
  await scriptEngine(page, { answers: [''], tokensPerSecond: 1000 });
  await chatOn(page).openReady();
  await page.getByTestId('settings-open').focus();
  await page.keyboard.press('Control+/');
  await page.getByTestId('single-keys').uncheck();
  await expect(page.getByTestId('shortcut-sheet')).not.toContainText('?');
  await page.keyboard.press('Escape');
  await page.reload();
  await page.getByTestId('settings-open').focus();
  await page.keyboard.press('?');
  await expect(page.getByTestId('shortcuts-dialog')).toHaveCount(0);
  await page.keyboard.press('Control+/');
  await expect(page.getByTestId('shortcuts-dialog')).toBeVisible();
});
