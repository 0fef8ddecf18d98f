import { expect, test } from '@playwright/test';
import { chatOn, expectSound, withoutWebGpu } from './page';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('no screen has a serious violation, and none is wider than the window', async ({
      page,
      isMobile,
    }) => {
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
      await expectSound(page, 'settings at rest in mode full');
      if (isMobile) {
        await page.getByRole('button', { name: 'Close the inspector' }).click();
        await expect(page.getByTestId('inspector')).toBeHidden();
      }
      await page.getByTestId('new-chat').click();
      await expectSound(page, 'new chat');
    });

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
}

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

test('a screen reader hears an answer in sentences', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const region = document.querySelector('[aria-live=polite]');
    if (region === null) throw new Error('no live region');
    const listen = () => heard.push(region.textContent);
    new MutationObserver(listen).observe(region, { childList: true, characterData: true, subtree: true });
  });
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  const answer = await page.getByTestId('answer-text').textContent();
  const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await expect.poll(heard).toEqual(['Reading.', answer]);
});
