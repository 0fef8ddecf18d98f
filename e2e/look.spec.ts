import { expect } from '@playwright/test';
import { chatOn, expectSound, test, withoutWebGpu } from './page';

test('no screen has a serious violation, and none is wider than the window', async ({ page, isMobile }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await expectSound(page, 'first screen');
  // Long enough that the strip shows what was let go.
  await chat.attach('medium');
  await expectSound(page, 'sample attached');
  await chat.chip.getByRole('button').first().click();
  await expectSound(page, 'document open');
  await page.keyboard.press('Escape');
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  await expectSound(page, 'answered');
  if (isMobile) {
    await page.getByTestId('inspector-toggle').click();
    await expect(page.getByTestId('inspector')).toBeVisible();
    await expectSound(page, 'inspector open');
  }
  await page.getByTestId('kept-strip').focus();
  await expect(page.getByTestId('strip-text').locator('mark')).not.toBeEmpty();
  await expectSound(page, 'strip explored');
  await page.getByTestId('more-settings').locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('setting-parkTrunk')).toBeVisible();
  await expectSound(page, 'more settings');
  await page.getByTestId('mode-full').check();
  await expectSound(page, 'settings at rest in full mode');
  if (isMobile) {
    await page.getByRole('button', { name: 'Close the inspector' }).click();
    await expect(page.getByTestId('inspector')).toBeHidden();
  }
  await page.getByTestId('new-chat').click();
  await expectSound(page, 'new chat');
});

test.describe('beside the page’s own samples', () => {
  test.use({ model: 'demo' });

  test('what goes wrong is shown without a serious violation', async ({ page }) => {
    const chat = chatOn(page);
    await chat.open('?model=models/missing/');
    await expect(chat.error).toBeVisible();
    await expectSound(page, 'model missing');

    await withoutWebGpu(page);
    await chat.open();
    await expect(page.getByTestId('unsupported')).toBeVisible();
    await expectSound(page, 'no WebGPU');
  });
});
