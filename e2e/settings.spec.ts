import { expect } from '@playwright/test';
import { chatOn, test } from './page';

test('settings hold from the next message without loading the model again, each chat has its own, and new ones begin as told', async ({
  page,
}) => {
  const loads: string[] = [];
  page.on('request', (request) => request.url().endsWith('.safetensors') && loads.push(request.url()));
  const chat = chatOn(page);
  await chat.openReady();
  const loadsBefore = loads.length;
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  const tokens = await chat.figure('prompt-tokens');

  await page.getByTestId('settings-open').click();
  await page.getByTestId('field-maxNewTokens').fill('1');
  await page.getByTestId('field-system').fill('You answer in one word, always and without exception.');
  await page.keyboard.press('Escape');
  await chat.ask('What?');
  await chat.finished(chat.answers.last());
  await expect(chat.answers.last()).toContainText('Cut off after 1 token');
  expect(await chat.figure('prompt-tokens')).toBeGreaterThan(tokens + 10);
  // What is before everything else has changed, so nothing of it was in the cache.
  expect(await chat.figure('reused-tokens')).toBeLessThan(10);
  expect(loads.length, 'the model stayed loaded').toBe(loadsBefore);

  // Another chat has the model's own, until it is told otherwise.
  await page.getByTestId('new-chat').click();
  await page.getByTestId('settings-open').click();
  const cutOff = page.getByTestId('field-maxNewTokens');
  await expect(cutOff).toHaveValue('');
  await expect(cutOff).toHaveAttribute('placeholder', /^\d+$/);
  await expect(page.getByTestId('reset-all')).toHaveAttribute('aria-disabled', 'true');
  await page.getByTestId('field-temperature').fill('0,7');
  await page.getByTestId('settings-for-new-chats').click();
  await expect(page.getByTestId('settings-for-new-chats')).toHaveText('Used for new chats');
  await page.reload();
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await page.getByTestId('settings-open').click();
  await expect(page.getByTestId('field-temperature')).toHaveValue('0.7');
  await page.getByTestId('reset-all').click();
  await expect(page.getByTestId('field-temperature')).toHaveValue('');
  await expect(page.getByTestId('reset-all'), 'it keeps the focus').toBeFocused();
});

test('by keyboard alone: a value that cannot be is refused beside its field, and the sliders are one step away', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.composer.focus();
  await page.keyboard.press('Control+,');
  const dialog = page.getByTestId('settings-dialog');
  await expect(dialog).toBeVisible();
  const temperature = page.getByTestId('field-temperature');
  for (let presses = 0; presses < 6; presses++) {
    await page.keyboard.press('Tab');
    if (await temperature.evaluate((field) => field === document.activeElement)) break;
  }
  await page.keyboard.type('0.5');
  await page.keyboard.type('x');
  await expect(temperature).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByTestId('field-temperature-problem')).toHaveText(
    'Enter a number from 0 to 2. Until then, 0.5 is used.',
  );
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(chat.composer).toBeFocused();
  await page.keyboard.press('Control+,');
  await expect(temperature).toHaveValue('0.5');

  await expect(page.getByTestId('kv-summary')).toContainText('Exact mode, KV retention 10');
  await page.getByTestId('go-to-kv').focus();
  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(page.locator('#kv-settings')).toBeFocused();
  await expect(page.getByTestId('mode-exact')).toBeInViewport();
  await page.getByTestId('mode-lean').check();
  await page.keyboard.press('Control+,');
  await expect(page.getByTestId('kv-summary')).toContainText('Lean mode');

  await page.getByTestId('settings-shortcuts').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('shortcuts-dialog')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('mode-lean'), 'where the focus was before both').toBeFocused();
  await expect(page.getByTestId('shortcuts-dialog')).toHaveCount(0);
});
