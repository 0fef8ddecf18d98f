import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';
import { scriptEngine } from './scripted-engine';

test('settings and shortcuts have no serious violation, and are no wider than the window', async ({
  page,
}) => {
  await scriptEngine(page, { answers: [''], tokensPerSecond: 1000 });
  await chatOn(page).openReady();
  await page.getByTestId('settings-open').click();
  await expect(page.getByTestId('settings-dialog')).toBeVisible();
  await expectSound(page, 'settings');
  await page.getByTestId('field-temperature').fill('warm');
  await expect(page.getByTestId('field-temperature-problem')).toBeVisible();
  await page.getByRole('radio', { name: 'Fixed' }).check();
  await expectSound(page, 'settings, one refused');
  await page.getByTestId('settings-shortcuts').click();
  await expect(page.getByTestId('shortcuts-dialog')).toBeVisible();
  await expectSound(page, 'shortcuts');
});
