import { expect, test, type Page } from '@playwright/test';
import { JAPANESE_FONT } from '../src/app/documents/tiny-pdf.test-support';
import { attach, hand, pdf, type Given } from './documents-page';
import { chatOn } from './page';
import { scriptEngine } from './scripted-engine';

// What becomes of a file is settled before any model reads it.
test.beforeEach(({ page }) => scriptEngine(page, { answers: [''], tokensPerSecond: 1000 }));

/** What the page took of a file, as its visitor can read it. */
async function readText(page: Page, given: Given): Promise<string> {
  await attach(page, given);
  await chatOn(page).chip.filter({ hasText: given.name }).getByRole('button').first().click();
  const text = await page.getByTestId('document-text').textContent();
  await page.keyboard.press('Escape');
  return text ?? '';
}

test('text of any kind and encoding becomes a document', async ({ page }) => {
  await chatOn(page).open();
  expect(await readText(page, { name: 'notes.txt', body: 'one\r\ntwo' })).toBe('one\ntwo');
  expect(await readText(page, { name: 'main.rs', body: 'fn main() {}' })).toBe('fn main() {}');
  // An old spreadsheet: é and € as Windows-1252 has them.
  const menu = Uint8Array.from([0x63, 0x61, 0x66, 0xe9, 0x3b, 0x80, 0x35]);
  expect(await readText(page, { name: 'menu.csv', body: menu })).toBe('café;€5');
});

test('a PDF is read page by page, tables of East Asian encodings included, and pdf.js comes with the first one', async ({
  page,
}) => {
  const parts: string[] = [];
  page.on('request', (request) => parts.push(request.url()));
  await chatOn(page).open();
  expect(await readText(page, { name: 'no-pdf.txt', body: 'no PDF' })).toBe('no PDF');
  expect(parts.filter((url) => /pdf[^/]*\.js/.test(url))).toEqual([]);
  const text = await readText(page, pdf([['The rent is due', 'on the third.'], ['Signed in May.']]));
  expect(text).toBe('[Page 1]\nThe rent is due on the third.\n\n[Page 2]\nSigned in May.');
  expect(parts.filter((url) => /pdf[^/]*\.js/.test(url)).length).toBeGreaterThan(0);
  const japanese = { ...pdf([['\x93\xfa\x96\x7b\x8c\xea']], { font: JAPANESE_FONT }), name: 'tokyo.pdf' };
  expect(await readText(page, japanese)).toBe('[Page 1]\n日本語');
});

test('what cannot be read is refused by its name, with the reason, and nothing is lost', async ({ page }) => {
  const chat = chatOn(page);
  await chat.open();
  await attach(page, { name: 'kept.txt', body: 'stays' });
  const refused: readonly (readonly [Given, string])[] = [
    [{ name: 'photo.txt', body: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0) }, 'an image'],
    [{ name: 'thesis.docx', body: 'PK\x03\x04' }, 'Office document'],
    [{ name: 'empty.md', body: ' \n' }, 'no text'],
    [pdf([[], []]), 'pictures without text'],
    [pdf([['secret']], { locked: true }), 'password'],
    [{ name: 'report.pdf', body: '%PDF-1.7 and no more' }, 'damaged'],
    [{ name: 'report.pdf', body: 'text' }, 'not a PDF'],
  ];
  const failed = page.getByTestId('incoming-file');
  for (const [given, reason] of refused) {
    await attach(page, given);
    await expect(failed).toContainText(`${given.name} was not attached`);
    await expect(failed).toContainText(reason);
    await failed.getByRole('button').click();
    await expect(failed).toHaveCount(0);
    await expect(chat.chip).toContainText('kept.txt');
  }
});

test('scripts of web pages and PDFs do not run, and what they name is not fetched', async ({
  page,
  baseURL,
}) => {
  const strangers: string[] = [];
  const warnings: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL ?? '') && !request.url().startsWith('data:'))
      strangers.push(request.url());
  });
  page.on('dialog', (dialog) => {
    warnings.push(dialog.message());
    void dialog.dismiss();
  });
  await chatOn(page).open();
  const html = `<title>Hostile</title><base href="https://evil.example/">
    <link rel="stylesheet" href="https://evil.example/a.css"><meta http-equiv="refresh" content="0;url=https://evil.example/">
    <script>alert(1)</script><script src="https://evil.example/a.js"></script><style>@import "https://evil.example/b.css"</style>
    <p><img src="https://evil.example/a.png" onerror="alert(2)" alt="a chart"></p><svg onload="alert(3)"><image href="https://evil.example/c.png"/></svg>
    <iframe src="https://evil.example/"></iframe><video src="https://evil.example/v.mp4" autoplay></video>
    <a href="javascript:alert(4)">The words stay.</a><p onclick="alert(5)" hidden>unseen</p>`;
  expect(await readText(page, { name: 'saved.html', body: html })).toBe(
    '# Hostile\n\na chart\n\nThe words stay.',
  );
  const text = await readText(
    page,
    pdf([['The words stay.']], {
      catalog:
        '/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /AA << /WC << /S /URI /URI (https://evil.example/) >> >> ' +
        '/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (app.alert\\(2\\)) >>] >> >>',
      page:
        '/AA << /O << /S /JavaScript /JS (app.alert\\(3\\)) >> >> /Annots [<< /Type /Annot /Subtype /Link ' +
        '/Rect [0 0 600 700] /A << /S /URI /URI (https://evil.example/) >> >>]',
    }),
  );
  expect(text).toBe('[Page 1]\nThe words stay.');
  expect(strangers).toEqual([]);
  expect(warnings).toEqual([]);
});

test('several documents come by the button, a drop and a paste, and one can be taken out and brought back', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.open();
  await attach(
    page,
    { name: 'a.txt', body: 'a' },
    { name: 'b.md', body: 'b' },
    { name: 'no.bin', body: '\0' },
  );
  await expect(chat.chip).toHaveCount(2);
  await expect(page.getByTestId('incoming-file')).toContainText('no.bin was not attached');
  await hand(page, 'drop', [{ name: 'c.csv', body: 'c;d' }, pdf([['page one'], ['page two']])]);
  await expect(chat.chip).toHaveCount(4);
  await hand(page, 'paste', [{ name: 'd.txt', body: 'd' }]);
  await expect(chat.chip).toHaveText([/^a\.txt/, /^b\.md/, /^c\.csv/, /^report\.pdf.*2 pages/, /^d\.txt/]);
  // Spreadsheets put a picture of the cells beside their text: the text is what is meant.
  await hand(page, 'paste', [{ name: 'cells.png', body: '\0' }], 'cells');
  await expect(chat.chip).toHaveCount(5);
  await expect(page.getByTestId('incoming-file')).toHaveCount(1);

  await page.getByRole('button', { name: 'Remove b.md' }).click();
  await expect(chat.chip).toHaveCount(4);
  await page.getByTestId('undo').click();
  await expect(chat.chip.nth(1)).toContainText('b.md');
});

test('a long paste becomes a document, and text again where it was pasted', async ({ page }) => {
  const chat = chatOn(page);
  await chat.open();
  await chat.composer.fill('Read this: ');
  const long = 'A line of a long text.\n'.repeat(200);
  await hand(page, 'paste', [], long);
  await expect(chat.chip).toContainText('Pasted text');
  await expect(chat.composer).toHaveValue('Read this: ');
  await page.getByTestId('undo').click();
  await expect(chat.chip).toHaveCount(0);
  await expect(chat.composer).toHaveValue(`Read this: ${long}`);
});

test('a text of megabytes opens at once, and its last line is found', async ({ page }) => {
  const chat = chatOn(page);
  await chat.open('?model=models/missing/');
  const text = `${'A line of a very long log, as programs write them.\n'.repeat(100_000)}the last line`;
  await attach(page, { name: 'server.log', body: text });
  await expect(chat.chip).toContainText('server.log');
  const opening = await page.evaluate(async () => {
    const before = performance.now();
    document.querySelector<HTMLElement>('.document-open')?.click();
    while (document.querySelector('[data-testid=document-text]') === null)
      await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now() - before;
  });
  // 5 MB laid out as a whole take several seconds.
  expect(opening).toBeLessThan(1500);
  const found = await page.evaluate(() =>
    (window as unknown as { find(text: string): boolean }).find('the last line'),
  );
  expect(found).toBe(true);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('document-dialog')).toHaveCount(0);
});

test('the preview of a PDF goes to a page', async ({ page }) => {
  const chat = chatOn(page);
  await chat.open();
  const lines = Array.from({ length: 40 }, (_, line) => `Line ${line} of a page that fills the window.`);
  await attach(page, pdf(Array.from({ length: 30 }, () => lines)));
  await chat.chip.getByRole('button').first().click();
  await page.getByTestId('page-jump').fill('23');
  await expect(page.locator('[data-page="23"]')).toBeInViewport();
  await expect(page.locator('[data-page="1"]')).not.toBeInViewport();
});
