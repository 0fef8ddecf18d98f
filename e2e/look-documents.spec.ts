import { expect, test } from '@playwright/test';
import { tinyPdf } from '../src/app/documents/tiny-pdf.test-support';
import { chatOn, expectSound } from './page';

const file = (name: string, body: string | Uint8Array) => ({ name, mimeType: '', buffer: Buffer.from(body) });
const lines = Array.from({ length: 30 }, (_, house) => `The tenant of house ${house} pays on the third day.`);

test('documents, files that failed and the preview are sound, and the keyboard alone reaches them', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.open();
  await page
    .getByTestId('file-input')
    .setInputFiles([
      file('a lease agreement with a name as long as names can get.pdf', tinyPdf([lines, lines])),
      file('photo.bin', '\0'),
      file('menu.csv', Uint8Array.of(0x63, 0x61, 0x66, 0xe9)),
    ]);
  await expect(chat.chip).toHaveCount(2);
  await expect(page.getByTestId('incoming-file')).toContainText('binary');
  await expectSound(page, 'documents attached');

  const first = chat.chip.first().getByRole('button').first();
  await first.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('document-dialog')).toBeVisible();
  // Past the text, which can be focused to be scrolled.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('page-jump')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('[data-page="2"]')).toBeInViewport();
  await expectSound(page, 'preview of a PDF');
  await page.keyboard.press('Escape');
  await expect(first).toBeFocused();

  await page.getByTestId('incoming-dismiss').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('incoming-file')).toHaveCount(0);
  await chat.chip.last().getByRole('button').last().focus();
  await page.keyboard.press('Enter');
  await expect(chat.chip).toHaveCount(1);
  await expectSound(page, 'document removed');
});
