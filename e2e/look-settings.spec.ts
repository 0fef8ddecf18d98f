import { expect, test } from '@playwright/test';
import { chatOn, expectSound } from './page';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the sheet of shortcuts has no serious violation, and is no wider than the window', async ({
      page,
    }) => {
      await chatOn(page).openReady();
      await page.getByTestId('theme').focus();
      await page.keyboard.press('Control+/');
      await expect(page.getByTestId('shortcuts-dialog')).toBeVisible();
      await expectSound(page, 'shortcuts');
    });
  });
}
