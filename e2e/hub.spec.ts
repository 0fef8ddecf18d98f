import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, type BrowserContext, type BrowserType, type Page, type TestInfo } from '@playwright/test';
import { sharded } from '../src/engine/weights/files.test-support';
import { startHub, type HubServer } from './hub-server';
import { libraryOn as libraryPage } from './library-page';
import { chatOn, checkpoint, expectAnswer, test } from './page';

// Where requests are rerouted, Playwright grants whatever another host should be asked for first.
test.use({ model: 'demo' });

/** A second chunk of it exists only in private storage of tests: these weights take 2.5 MiB. */
const WEIGHTS = 'model.safetensors';

let hub: HubServer;
test.beforeEach(async () => {
  hub = await startHub({ 'fastkv/demo': checkpoint, 'fastkv/shards': sharded(checkpoint, 3) });
});
const opened: BrowserContext[] = [];
test.afterEach(async () => {
  await hub.close();
  await Promise.all(opened.splice(0).map((context) => context.close()));
});

const bytesAsked = () => hub.asked.filter(({ host }) => host === 'bytes');

const libraryOn = (page: Page) => libraryPage(page, hub.url);

/** Bytes of a file in storage, whichever model holds it. */
const sizeOnDisk = (page: Page, file: string) =>
  page.evaluate(async (name) => {
    const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    let size = 0;
    for await (const model of models.values()) {
      if (model.kind !== 'directory') continue;
      size += (await (await model.getFileHandle(encodeURIComponent(name))).getFile()).size;
    }
    return size;
  }, file);

/** Changes one byte of a stored file, or cuts it, as a failing disk does. */
const spoil = (page: Page, file: string, at: number) =>
  page.evaluate(
    async ([name, offset]) => {
      const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
      for await (const model of models.values()) {
        if (model.kind !== 'directory') continue;
        const handle = await model.getFileHandle(encodeURIComponent(name));
        const writable = await handle.createWritable({ keepExistingData: true });
        await writable.write({ type: 'write', position: offset, data: new Uint8Array([0x5a, 0xa5, 0x5a]) });
        await writable.close();
      }
    },
    [file, at] as const,
  );

test('a model of the Hub is looked up, downloaded, loaded and asked; a reload finds it without the Hub', async ({
  page,
}) => {
  await page.addInitScript(() => {
    const { persist } = StorageManager.prototype;
    StorageManager.prototype.persist = function () {
      sessionStorage.setItem('persist', 'asked');
      return persist.call(this);
    };
  });
  const askedToPersist = () => page.evaluate(() => sessionStorage.getItem('persist'));
  await chatOn(page).openReady();
  expect(hub.asked).toEqual([]);
  expect(await askedToPersist()).toBe(null);
  const library = libraryOn(page);
  await library.openOn();
  await library.look('fastkv/shards');
  await expect(page.getByTestId('hub-found')).toContainText(/\d+\.\d+\sMiB in 9 files/);
  expect(bytesAsked()).toEqual([]);
  await page.getByTestId('hub-download').click();
  await library.expectStored();
  expect(await askedToPersist()).toBe('asked');
  await library.loadIt();
  await library.expectReady('fastkv/shards');
  await expectAnswer(page);

  await hub.close();
  await page.reload();
  await library.expectReady('fastkv/shards');
  await page.getByTestId('new-chat').click();
  await expectAnswer(page);
  await library.openDialog();
  await expect(library.stored).toHaveCount(1);
  await expect(page.getByTestId('storage-space')).toContainText('MiB of about');

  // With the Hub out of reach, another model is not to be had, and what is stored still is.
  await library.look('fastkv/demo');
  await expect(library.error).toHaveAttribute('data-code', 'hub-unreachable');
  await page.getByTestId('stored-load').click();
  await library.expectReady('fastkv/shards');
});

test('a download whose connection is cut again and again is gone on with at the byte, also after a reload', async ({
  page,
}) => {
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  const status = { code: 503, path: WEIGHTS, times: 0 };
  hub.faults.status = status;
  hub.faults.cut = { after: 1_000_000, times: 1, onCut: () => (status.times = 1000) };
  await library.download();
  await expect(library.transfer).toHaveAttribute('data-state', 'failed');
  await expect(library.error).toHaveAttribute('data-code', 'hub-unreachable');
  await expect(library.stored).toHaveAttribute('data-complete', 'false');
  await expect(library.stored).toContainText(/[KM]iB of 2\.\d+\sMiB/);

  await page.reload();
  // Of what was sent the browser drops what the page had not taken yet when the connection broke.
  const kept = await sizeOnDisk(page, WEIGHTS);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThanOrEqual(1_000_000);
  status.times = 0;
  hub.asked.length = 0;
  await library.openDialog();
  await page.getByTestId('stored-resume').click();
  await library.expectStored();
  expect(bytesAsked().map(({ range }) => range)).toEqual([
    `bytes=${kept}-${checkpoint[WEIGHTS]!.length - 1}`,
  ]);
  await library.loadIt();
  await library.expectReady('fastkv/demo');
  await expectAnswer(page);
});

test('a download shows how far, how fast and how long, is stopped, and what came of it stays', async ({
  page,
}) => {
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  hub.faults.slow = 150;
  await library.download();
  await expect(page.getByTestId('transfer-figures')).toHaveText(
    / of 2\.\d\d\sMiB · [\d.]+\sKiB\/s · \d+\ss left/,
  );
  await expect(page.getByTestId('transfer-share')).toContainText('%');
  await library.transfer.locator('summary').click();
  await expect(library.transfer.locator('li', { hasText: WEIGHTS })).toContainText(/[1-9]\d?\s% of/);
  await page.getByTestId('transfer-cancel').click();
  await expect(library.transfer).toHaveCount(0);
  await expect(library.stored).toHaveAttribute('data-complete', 'false');

  hub.faults.slow = 0;
  await page.getByTestId('stored-resume').click();
  await library.expectStored();
  expect(bytesAsked().at(-1)!.range).toMatch(/^bytes=[1-9]/);
});

test('a stored file that was damaged is healed on loading, by fetching that part again', async ({ page }) => {
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  await library.download();
  await library.expectStored();
  await spoil(page, WEIGHTS, 1_500_000);
  hub.asked.length = 0;
  await library.loadIt();
  await library.expectReady('fastkv/demo');
  expect(bytesAsked()).toHaveLength(1);
  await expectAnswer(page);

  // Damaged and out of reach: said, and the page has a model all the same.
  await spoil(page, WEIGHTS, 1_500_000);
  await hub.close();
  await page.reload();
  await library.expectReady('Demo model');
  await expect(page.getByTestId('library-notice')).toContainText(
    /model\.safetensors of fastkv\/demo is damaged/,
  );
});

test('a model is deleted after a second look, and a reload then begins with the demo', async ({ page }) => {
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  await library.download();
  await library.expectStored();
  await library.loadIt();
  await library.expectReady('fastkv/demo');
  await library.openDialog();
  await page.getByTestId('stored-delete').click();
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await expect(library.stored).toHaveCount(1);
  await page.getByTestId('stored-delete').click();
  await page.getByTestId('stored-delete-really').click();
  await expect(library.stored).toHaveCount(0);
  const left = await page.evaluate(async () => {
    const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    const names: string[] = [];
    for await (const name of models.keys()) names.push(name);
    return names;
  });
  expect(left).toEqual([]);

  await page.reload();
  await library.expectReady('Demo model');
  await expect(page.getByTestId('library-notice')).toContainText('no longer stores');
  await page.reload();
  await library.expectReady('Demo model');
  await expect(page.getByTestId('library-notice')).toHaveCount(0);
});

test('two tabs never fetch one model at a time: the second waits, says so, and finds it there', async ({
  context,
  page,
}) => {
  const other = await context.newPage();
  for (const tab of [page, other]) {
    await chatOn(tab).openReady();
    await libraryOn(tab).openOn();
  }
  hub.faults.slow = 100;
  await libraryOn(page).download();
  await expect(libraryOn(page).transfer).toContainText('left');
  await libraryOn(other).download();
  await expect(libraryOn(other).transfer).toContainText('Another tab is busy');
  // Nor is it deleted under the hands of the first.
  hub.faults.slow = 0;
  await libraryOn(page).expectStored();
  await libraryOn(other).expectStored();
  expect(bytesAsked()).toHaveLength(1);
});

test('what there is no room for is not begun, and a disk that fills up on the way keeps what it has', async ({
  playwright,
  baseURL,
}, testInfo) => {
  // Not a private window, whose files are in memory: only on a disk does Chromium count before it writes.
  const page = await pageWithProfile(playwright, baseURL!, testInfo, {});
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  const quota = await quotaOf(page, new URL(baseURL!).origin);
  await quota(2_000_000);
  await library.download();
  await expect(library.error).toHaveAttribute('data-code', 'storage-full');
  await expect(library.error).toContainText(/takes 3 MiB, and the browser has about [\d.]+ MiB left/);
  expect(bytesAsked()).toEqual([]);

  await quota(100_000_000);
  hub.faults.slow = 60;
  await page.getByTestId('transfer-again').click();
  await expect(library.transfer.locator('li', { hasText: WEIGHTS })).toContainText(/[1-9]\d?\s% of/);
  await quota(1_600_000);
  await expect(library.error).toHaveAttribute('data-code', 'storage-full');
  await expect(library.error).toContainText('what is stored is kept');
  hub.faults.slow = 0;
  await quota(100_000_000);
  await page.getByTestId('transfer-again').click();
  await library.expectStored();
  expect(bytesAsked().at(-1)!.range).toMatch(/^bytes=[1-9]/);
});

async function quotaOf(page: Page, origin: string) {
  const session = await page.context().newCDPSession(page);
  return (quotaSize: number) => session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
}

/** A page of a browser with a profile on disk, as visitors have. It is closed with the test's own. */
async function pageWithProfile(
  { chromium }: { readonly chromium: BrowserType },
  baseURL: string,
  { outputDir, project }: TestInfo,
  preferences: object,
): Promise<Page> {
  mkdirSync(`${outputDir}/profile/Default`, { recursive: true });
  writeFileSync(`${outputDir}/profile/Default/Preferences`, JSON.stringify({ profile: preferences }));
  const options = { ...project.use.launchOptions, baseURL };
  const context = await chromium.launchPersistentContext(`${outputDir}/profile`, options);
  opened.push(context);
  return context.newPage();
}

test('a model that is not open to everybody asks for a token, which goes to the Hub alone', async ({
  page,
}) => {
  hub.faults.token = 'hf_secret';
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  await library.look('fastkv/demo');
  await expect(library.error).toHaveAttribute('data-code', 'hub-refused');
  await expect(library.error).toContainText('access token');
  await page.getByTestId('hub-token').fill('hf_secret');
  await library.download();
  await library.expectStored();
  expect(bytesAsked().map(({ authorization }) => authorization)).toEqual([undefined]);

  // Kept in this browser, for this Hub and no other, until it is cleared.
  await page.reload();
  await library.openDialog();
  await page.getByTestId('hub-fields').locator('summary').click();
  await expect(page.getByTestId('hub-token')).toHaveValue('hf_secret');
  await page.getByTestId('hub-address').fill('http://mirror.invalid');
  await expect(page.getByTestId('hub-token')).toHaveValue('');
  await page.getByTestId('hub-address').fill(hub.url);
  await page.getByRole('button', { name: 'Clear' }).click();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('hf_secret');
});

test('where storage is refused the model is read straight into memory, and the page says that it is not kept', async ({
  playwright,
  baseURL,
}, testInfo) => {
  // A visitor who lets no site store anything.
  const nothingStored = { default_content_setting_values: { cookies: 2 } };
  const page = await pageWithProfile(playwright, baseURL!, testInfo, nothingStored);
  await chatOn(page).openReady();
  const library = libraryOn(page);
  await library.openOn();
  await library.look('fastkv/shards');
  await expect(page.getByTestId('storage-refused')).toBeVisible();
  await page.getByTestId('hub-into-memory').click();
  await library.expectReady('fastkv/shards');
  await expect(page.getByTestId('library-notice')).toContainText('straight into memory');
  await expectAnswer(page);
  await page.reload();
  await library.expectReady('Demo model');
});

for (const [what, name, code, said] of [
  ['no name', 'just words', undefined, 'owner/name'],
  ['a model that is not there', 'fastkv/nothing', 'hub-refused', 'does not exist'],
  ['a revision that is not there', 'fastkv/demo@v9', 'file-missing', 'fastkv/demo@v9'],
] as const) {
  test(`${what} is answered in words`, async ({ page }) => {
    await chatOn(page).openReady();
    const library = libraryOn(page);
    await library.openOn();
    await library.look(name);
    const found = code === undefined ? page.getByTestId('hub-name-refused') : library.error;
    await expect(found).toContainText(said);
    if (code !== undefined) await expect(found).toHaveAttribute('data-code', code);
  });
}
