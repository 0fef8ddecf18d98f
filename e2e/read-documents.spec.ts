import { expect } from '@playwright/test';
import { attach } from './documents-page';
import { chatOn, expectSound, longText, sampleNamed, test } from './page';

test('a gauge shows what fills the context, and beyond it nothing is sent until the visitor takes something out', async ({
  page,
}) => {
  const chat = chatOn(page);
  const gauge = page.getByTestId('context-gauge');
  const notice = page.getByTestId('next-turn');
  await chat.openReady();
  await expect(gauge).toHaveAttribute('data-value', '0');
  await attach(page, { name: 'large.txt', body: longText(75) }, { name: 'small.txt', body: longText(12) });
  await expect(gauge).toHaveAttribute('data-state', 'over');
  await chat.composer.fill('What is this?');
  await chat.composer.press('Enter');
  await expect(chat.answers).toHaveCount(0);
  await expect(page.getByTestId('send-off')).toBeVisible();
  await expect(notice).toContainText(/Remove large\.txt \([\d,]+.tokens\)/);
  await expectSound(page, 'beyond the context');
  await notice.getByRole('button', { name: 'Remove small.txt' }).click();
  await expect(notice).toContainText('nearly full');
  await expect(gauge).toHaveAttribute('data-state', 'near');
  await expect(chat.send).toBeEnabled();
  await expectSound(page, 'nearly full');
  await page.getByRole('button', { name: 'Remove large.txt' }).click();
  await expect(notice).toHaveCount(0);
  await expect(gauge).toHaveAttribute('data-state', 'room');
  await expect(gauge).toHaveAttribute('aria-valuetext', /draft \d/);
  await expect(chat.composer).toHaveValue('What is this?');
});

test('a place of the strip opens the document there, by mouse, key and button', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  const { text } = sampleNamed('medium');
  await attach(page, { name: 'first.md', body: 'A few words before.' }, { name: 'story.txt', body: text });
  await expect(chat.chip.last()).toContainText('tokens');
  await chat.ask('What color is it?');
  await chat.finished(chat.answers.first());
  const strip = page.getByTestId('kept-strip');
  const mark = page.getByTestId('document-dialog').locator('mark');
  const pointed = page.getByTestId('strip-text').locator('mark');

  await strip.click();
  await expect(page.getByRole('dialog', { name: 'story.txt' })).toBeVisible();
  await expect(mark).toBeInViewport();
  const marked = (await mark.textContent()) ?? '';
  expect(marked).not.toBe('');
  await expect(pointed).toHaveText(marked);
  await page.keyboard.press('Escape');

  await strip.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'story.txt' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByTestId('strip-open').click();
  await expect(mark).toBeInViewport();
  await page.keyboard.press('Escape');

  await strip.focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('strip-nowhere')).toBeVisible();
});
