import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { tinyPdf } from '../src/app/documents/tiny-pdf.test-support';
import { DEMO_FILES } from '../src/app/store/load-request';
import type { Contents } from '../tools/site/contents';
import { startHub } from './hub-server';
import { libraryOn } from './library-page';
import { chatOn, checkpoint, demoShort, expectAnswer, expectSound, test } from './page';
import { copiedSite, type SiteServer } from './site-server';

test.use({ serviceWorkers: 'allow', model: 'demo' });

let site: SiteServer;
test.beforeEach(async () => {
  site = await copiedSite();
  await site.start();
});
test.afterEach(() => site.close());

/** A visit up to where everything is stored that will be. */
async function visit(page: Page, query = ''): Promise<void> {
  await page.goto(site.url + query);
  await expect(page.getByTestId('model-status')).toHaveAttribute('data-value', 'ready');
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe('activated');
}

/** The names that are stored for use without the network, without what they change with. */
const stored = (page: Page) =>
  page.evaluate(async () => {
    const names: string[] = [];
    for (const cache of await caches.keys())
      for (const { url } of await (await caches.open(cache)).keys()) names.push(url.replace(/\?.*/, ''));
    return names.map((url) => url.replace(document.baseURI, '')).sort();
  });

test('after one visit the page opens and chats while its host is gone', async ({ page, context }) => {
  await visit(page);
  await site.stop();
  await page.close();
  const offline = await context.newPage();
  await offline.goto(site.url);
  await expect(chatOn(offline).status).toHaveAttribute('data-value', 'ready');
  await expect(offline.getByTestId('sample-short')).toBeVisible();
  await expectAnswer(offline, demoShort);
  // What stands behind the question mark is for the page, not for the host.
  await offline.goto(`${site.url}index.html?dtype=f32`);
  await expect(chatOn(offline).status).toHaveAttribute('data-value', 'ready');

  const other = await offline.goto(`${site.url}models/other/`).catch(() => null);
  expect(other, 'a page that there is not').toBeNull();
});

test('a stored model of the Hub opens while the page’s host and the Hub are gone', async ({ page }) => {
  const hub = await startHub({ 'fastkv/demo': checkpoint });
  try {
    await visit(page);
    const library = libraryOn(page, hub.url);
    await library.openOn();
    await library.download();
    await library.expectStored();
    await library.loadIt();
    await library.expectReady('fastkv/demo');
    await hub.close();
    await site.stop();
    await page.reload();
    await library.expectReady('fastkv/demo');
    await expectAnswer(page);
  } finally {
    await hub.close();
  }
});

test('the demo model is read from the cache by ranges, and a file that it lacks is not there', async ({
  page,
}) => {
  await visit(page);
  await site.stop();
  const weights = readFileSync('public/models/demo/model.safetensors');
  const found = await page.evaluate(async () => {
    const url = new URL('models/demo/model.safetensors', document.baseURI);
    const part = await fetch(url, { headers: { Range: 'bytes=1000-1003' } });
    const head = await fetch(url, { method: 'HEAD' });
    const absent = await fetch(new URL('chat_template.jinja', url));
    return {
      part: [part.status, part.headers.get('Content-Range'), [...(await part.bytes())]],
      head: [head.status, head.headers.get('Content-Length')],
      whole: (await (await fetch(url)).blob()).size,
      absent: absent.status,
    };
  });
  expect(found).toEqual({
    part: [206, `bytes 1000-1003/${weights.length}`, [...weights.subarray(1000, 1004)]],
    head: [200, String(weights.length)],
    whole: weights.length,
    absent: 404,
  });
});

test('a first visit stores what it has used, and the next one the rest: a PDF is then read without the network', async ({
  page,
}) => {
  await visit(page);
  const first = await stored(page);
  expect(first).toContain('index.html');
  const ofModel = [...DEMO_FILES, 'samples.json'].sort().map((name) => `models/demo/${name}`);
  expect(first.filter((name) => name.startsWith('models/'))).toEqual(ofModel);
  expect(first.filter((name) => name.includes('hub-client'))).toEqual([]);
  expect(first.filter((name) => name.endsWith('.wasm'))).toEqual([]);
  await page.reload();
  const { chunks, firstVisit } = JSON.parse(readFileSync('.cache/contents.json', 'utf8')) as Contents;
  const late = Object.keys(chunks).filter((file) => !firstVisit.includes(file));
  expect(late.length).toBeGreaterThan(1);
  await expect.poll(() => stored(page)).toEqual(expect.arrayContaining(late));
  await site.stop();
  const pdf = { name: 'report.pdf', mimeType: '', buffer: Buffer.from(tinyPdf([['Rent is due.']])) };
  await page.getByTestId('file-input').setInputFiles(pdf);
  await expect(chatOn(page).chip).toContainText('report.pdf');
});

test('a new version waits until it is asked for, and then replaces the old one', async ({
  page,
  context,
}) => {
  await visit(page);
  await chatOn(page).composer.fill('half a question');
  site.renew('Renewed once');
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  const notice = page.getByTestId('update-notice');
  await expect(notice).toContainText('A new version of this page is ready.');
  await expectSound(page, 'a new version is ready');
  await expect(chatOn(page).composer).toHaveValue('half a question');
  await expect(page).toHaveTitle('FastKV Chat');

  // Another tab still gets the version that is in use, and hears of the new one too.
  const other = await context.newPage();
  await visit(other);
  await expect(other).toHaveTitle('FastKV Chat');
  await expect(other.getByTestId('update-notice')).toBeVisible();
  await other.getByTestId('update-notice').getByRole('button', { name: 'Later' }).click();
  await expect(other.getByTestId('update-notice')).toHaveCount(0);

  await page.getByTestId('update-use').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveTitle('Renewed once');
  await expect(page.getByTestId('update-notice')).toHaveCount(0);
  expect(
    (await stored(page)).filter((name) => name === 'index.html'),
    'the old one is dropped',
  ).toHaveLength(1);

  // The other tab is not reloaded under its visitor.
  await expect(other.getByTestId('update-notice')).toBeVisible();
  await expect(other).toHaveTitle('FastKV Chat');
  await other.getByTestId('update-use').click();
  await expect(other).toHaveTitle('Renewed once');
});

test('files of an older version are dropped with it', async ({ page }) => {
  await visit(page);
  await page.evaluate(async () => {
    const later = (await caches.keys()).find((name) => name.startsWith('fastkv-later'));
    const cache = await caches.open(later ?? `fastkv-later ${document.baseURI}`);
    await cache.put('assets/old-chunk.js', new Response('old'));
  });
  expect(await stored(page)).toContain('assets/old-chunk.js');
  site.renew('Renewed');
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await page.getByTestId('update-use').click();
  await expect(page).toHaveTitle('Renewed');
  await expect.poll(() => stored(page)).not.toContain('assets/old-chunk.js');
});
