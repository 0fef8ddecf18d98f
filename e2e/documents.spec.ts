import { expect, test, type Page } from '@playwright/test';
import { JAPANESE_FONT, tinyPdf } from '../src/app/documents/tiny-pdf.test-support';
import { chatOn } from './page';

interface Given {
  readonly name: string;
  readonly body: string | Uint8Array;
}

const pdf = (...given: Parameters<typeof tinyPdf>): Given => ({
  name: 'report.pdf',
  body: tinyPdf(...given),
});

async function attach(page: Page, { name, body }: Given): Promise<void> {
  const file = { name, mimeType: '', buffer: Buffer.from(body) };
  await page.getByTestId('file-input').setInputFiles(file);
}

/** What the page took of a file, as its visitor can read it. */
async function readText(page: Page, given: Given): Promise<string> {
  await attach(page, given);
  const { chip } = chatOn(page);
  await expect(chip).toContainText(given.name);
  await chip.getByRole('button').first().click();
  const text = await page.getByTestId('document-dialog').getByRole('region').textContent();
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
  for (const [given, reason] of refused) {
    await attach(page, given);
    await expect(page.getByTestId('notice')).toContainText(`${given.name} was not attached`);
    await expect(page.getByTestId('notice')).toContainText(reason);
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
