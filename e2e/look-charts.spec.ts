import { expect, test } from '@playwright/test';
import { expectSound, twoTurns } from './page';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('charts and their tables have no serious violation, and none is wider than its panel', async ({
      page,
      isMobile,
    }) => {
      await twoTurns(page);
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
  });
}
