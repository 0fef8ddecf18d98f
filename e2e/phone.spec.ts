import { expect } from '@playwright/test';
import { chatOn, overflowing, scrollToEdge, smallTargets, test } from './page';

test.describe('with the page’s own model and samples', () => {
  test.use({ model: 'demo' });

  test('a visitor with a narrow phone asks, and looks at the inspector when it suits', async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    const chat = chatOn(page);
    await chat.openReady();
    await expect(page.getByTestId('inspector')).toBeHidden();
    await chat.attachShort();
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflowing(page)).toEqual([]);

    // What to do next is in view without scrolling.
    await expect(page.getByTestId('sample-question').first()).toBeInViewport({ ratio: 1 });
    await page.getByTestId('sample-question').first().tap();
    await chat.finished(chat.answers.first());
    await page.getByTestId('inspector-toggle').tap();
    await expect(page.getByTestId('kv-hot-bytes')).toBeInViewport();
    expect(await chat.figure('kv-hot-bytes')).toBeGreaterThan(0);
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflowing(page)).toEqual([]);
    // It leaves the composer free, so that a turn can be watched and stopped.
    await expect(chat.send).toBeInViewport({ ratio: 1 });
    await chat.composer.tap();
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('inspector')).toBeHidden();
  });
});

test('the strip and the settings work by finger', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach('medium');
  await page.getByTestId('sample-question').first().tap();
  await chat.finished(chat.answers.first());
  await page.getByTestId('inspector-toggle').tap();
  await page.getByTestId('kept-strip').tap();
  await expect(page.getByTestId('strip-text').locator('mark')).not.toBeEmpty();
  await page.getByTestId('mode-lean').tap();
  await expect(page.getByTestId('mode')).toHaveAttribute('data-value', 'lean');

  // Why nothing can be sent meanwhile, how far it is and how to stop it: all in view, and both ways stop.
  for (const stop of ['send-off-stop', 'calibrate-stop']) {
    await scrollToEdge(page.getByTestId('calibrate'));
    await page.getByTestId('calibrate').tap();
    await expect(page.getByTestId('calibration-progress')).toBeInViewport({ ratio: 1 });
    await expect(page.getByTestId('send-off')).toBeInViewport({ ratio: 1 });
    expect(await smallTargets(page)).toEqual([]);
    expect(await overflowing(page)).toEqual([]);
    await page.getByTestId(stop).tap();
    await expect(page.getByTestId('calibrate')).toBeEnabled();
    await expect(page.getByTestId('send-off')).toHaveCount(0);
  }
  expect(await smallTargets(page)).toEqual([]);
  expect(await overflowing(page)).toEqual([]);
});
