import { expect, test } from '@playwright/test';
import { chatOn } from './page';

test('a theme is chosen with the keyboard and remembered', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await chatOn(page).open();
  const shown = page.locator('html');
  await expect(shown).toHaveAttribute('data-theme', 'light');
  await page.getByTestId('settings-open').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('radio', { name: 'System' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(shown).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(shown).toHaveAttribute('data-theme', 'dark');
});
