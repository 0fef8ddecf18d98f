import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { mlxFiles } from '../src/engine/models/quantised.test-support';
import {
  encode,
  encodeJson,
  INDEX,
  memoryFolder,
  sharded,
  shardName,
  without,
  type Files,
} from '../src/engine/weights/files.test-support';
import { choose, DiskFolder, drop, filesOn, withoutHandles, withPickers } from './files-page';
import { chatOn, checkpoint, expectAnswer, modelJson, test } from './page';

const shards = sharded(checkpoint, 3);
const WEIGHTS = 'model.safetensors';
let disk: DiskFolder;
test.beforeEach(() => (disk = new DiskFolder()));
test.afterEach(() => disk.remove());

test('a folder dropped on the page is found however deep it lies, loaded, and answers', async ({ page }) => {
  const folder = disk.write('downloads', { 'notes.txt': encode('no part of it') });
  disk.write('downloads/models/my-model', checkpoint);
  disk.write('downloads/models/my-model/onnx', { 'config.json': checkpoint['config.json']! });
  await chatOn(page).openReady();
  const files = filesOn(page);
  await drop(page, folder);
  await expect(files.picked).toHaveAttribute('data-state', 'complete');
  await expect(files.picked).toBeFocused();
  await expect(files.picked.getByTestId('verdict')).toHaveAttribute('data-verdict', 'fits');
  await files.load();
  await files.expectReady('my-model');
  await expectAnswer(page);
});

test('where the browser gives no handles, a picked folder of shards without an index is loaded', async ({
  page,
}) => {
  await withoutHandles(page);
  const folder = disk.write('wrapping/shards', without(shards, INDEX));
  await chatOn(page).openReady();
  const files = filesOn(page);
  await files.openDialog();
  await choose(page, 'pick-folder', join(folder, '..'));
  await expect(files.picked).toHaveAttribute('data-state', 'complete');
  await expect(page.getByTestId('picked-remember')).toHaveCount(0);
  await files.load();
  await files.expectReady('shards');
  await expectAnswer(page);
});

test('pickers that give handles bring files, then the folder with the rest, and the model is there after a reload', async ({
  page,
}) => {
  await withPickers(page);
  const folder = disk.write('my-model', without(checkpoint, WEIGHTS));
  const weights = disk.write('elsewhere', { [WEIGHTS]: checkpoint[WEIGHTS]! });
  await chatOn(page).openReady();
  const files = filesOn(page);
  await files.openDialog();
  await page.getByTestId('pick-files').click();
  await drop(page, join(weights, WEIGHTS));
  await expect(files.missing).toContainText('config.json');
  await page.getByTestId('pick-folder').click();
  await drop(page, folder);
  await expect(files.picked).toHaveAttribute('data-state', 'complete');
  await expect(page.getByTestId('picked-remember')).toBeChecked();
  await files.load();
  await files.expectReady('Model from this device');
  await page.reload();
  await files.expectReady('Model from this device');

  // Who thinks better of it finds all as it was.
  await page.evaluate(() => {
    const cancelled = async () => Promise.reject(new DOMException('cancelled', 'AbortError'));
    Object.assign(window, { showDirectoryPicker: cancelled });
  });
  await files.openDialog();
  // What each model takes is worked out after the dialog has opened.
  await expect(files.dialog).toContainText('As stored (16-bit), ');
  await expect(files.dialog).not.toContainText('Working out');
  const before = await files.dialog.innerText();
  await page.getByTestId('pick-folder').click();
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  await expect(files.dialog).toHaveText(before, { useInnerText: true });
});

test('what is missing is asked for by name while the rest waits, and may come by drop and by picker in any order', async ({
  page,
}) => {
  await withoutHandles(page);
  const [first, second, third] = [0, 1, 2].map((i) => shardName(i, 3)) as [string, string, string];
  const part = disk.write('my-model', without(shards, 'tokenizer.json', first, third));
  const rest = disk.write('downloads', shards);
  await chatOn(page).openReady();
  const files = filesOn(page);
  await drop(page, part);
  await expect(files.picked).toHaveAttribute('data-state', 'waiting');
  for (const name of ['tokenizer.json', first, third]) await expect(files.missing).toContainText(name);
  await expect(files.missing).not.toContainText(second);
  await expect(page.getByTestId('picked-load')).toHaveCount(0);

  await drop(page, join(rest, third));
  await expect(files.missing).not.toContainText(third);
  await choose(page, 'pick-files', [join(rest, 'tokenizer.json')]);
  await expect(files.missing).not.toContainText('tokenizer.json');
  await expect(files.missing).toContainText(first);
  await drop(page, join(rest, first));
  await expect(files.picked).toHaveAttribute('data-state', 'complete');
  await files.load();
  await files.expectReady('my-model');
  await expectAnswer(page);
});

test('a folder by MLX is loaded as it is packed, in 4 bits and in 8', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  const files = filesOn(page);
  for (const bits of [4, 8] as const) {
    const form = { bits, group: 32, scales: 'f16' } as const;
    const packed = await mlxFiles(memoryFolder(checkpoint), () => form, form);
    await drop(page, disk.write(`demo-${bits}bit`, { ...checkpoint, ...packed }));
    await expect(files.picked.getByTestId('weights-menu')).toBeDisabled();
    await expect(files.picked).toContainText(`published in ${bits} bits`);
    await files.load();
    await files.expectReady(`demo-${bits}bit`);
    await page.getByTestId('new-chat').click();
    await expectAnswer(page);
  }
});

const GPTQ = encodeJson({
  ...modelJson('config.json'),
  quantization_config: { quant_method: 'gptq', bits: 4 },
});
const MALFORMED: readonly [what: string, files: Files, code: string, words: string][] = [
  ['a GGUF file', { 'model-Q4_K_M.gguf': encode('GGUF') }, 'dtype-unsupported', 'GGUF'],
  [
    'a PyTorch pickle',
    { ...without(checkpoint, WEIGHTS), 'pytorch_model.bin': encode('PK') },
    'dtype-unsupported',
    'PyTorch',
  ],
  ['a GPTQ checkpoint', { ...checkpoint, 'config.json': GPTQ }, 'dtype-unsupported', 'gptq'],
  [
    'a config that is no JSON',
    { ...checkpoint, 'config.json': encode('{"model_type":') },
    'config-invalid',
    'config.json',
  ],
  ['an index that is none', { ...shards, [INDEX]: encode('[]') }, 'safetensors-invalid', INDEX],
];

for (const [what, content, code, words] of MALFORMED) {
  test(`${what} is refused with code and sentence, and the page stays usable`, async ({ page }) => {
    const folder = disk.write('broken', content);
    await chatOn(page).openReady();
    const files = filesOn(page);
    await drop(page, folder);
    await expect(files.dialog.locator(`[data-code="${code}"]`)).toContainText(words);
    await expect(page.getByTestId('picked-load')).toHaveCount(0);
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('model-status')).toHaveAttribute('data-value', 'ready');
    await expectAnswer(page);
  });
}

test('weights that are cut off are refused before they are loaded; where they change on disk afterwards, the demo is a click away', async ({
  page,
}) => {
  const folder = disk.write('cut', { ...checkpoint, [WEIGHTS]: checkpoint[WEIGHTS]!.slice(0, 100_000) });
  const mended = disk.write('again', { [WEIGHTS]: checkpoint[WEIGHTS]! });
  const chat = chatOn(page);
  await chat.openReady();
  const files = filesOn(page);
  await drop(page, folder);
  await expect(files.picked).toHaveAttribute('data-state', 'spoilt');
  await expect(files.problem).toHaveAttribute('data-code', 'safetensors-invalid');
  await expect(files.problem).toContainText(`${WEIGHTS} is not a whole safetensors file`);
  for (const part of ['verdict', 'picked-load', 'picked-copy'])
    await expect(files.picked.getByTestId(part)).toHaveCount(0);
  await drop(page, join(mended, WEIGHTS));
  await expect(files.picked).toHaveAttribute('data-state', 'complete');
  await expect(files.problem).toHaveCount(0);

  writeFileSync(join(mended, WEIGHTS), checkpoint[WEIGHTS]!.slice(0, 100_000));
  await files.load();
  await expect(chat.error).toHaveAttribute('data-code', 'file-unreadable');
  await expect(chat.error).toContainText('Choose the model');
  await page.getByTestId('other-model').click();
  await expect(files.dialog).toBeVisible();
  await expect(page.getByTestId('remembered-model')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.getByTestId('way-back').click();
  await files.expectReady('Demo model');
});

test('a folder without anything in it, or without a model, is said to be one; several models at once are named', async ({
  page,
}) => {
  const [a, b] = [disk.write('both/one', checkpoint), disk.write('both/another', checkpoint)];
  const empty = disk.write('empty', {});
  const notes = disk.write('texts', { 'notes.txt': encode('no part of a model') });
  await chatOn(page).openReady();
  const files = filesOn(page);
  await drop(page, empty);
  await expect(files.problem).toContainText('There is no file in what was chosen');
  await page.keyboard.press('Escape');
  await drop(page, notes);
  await expect(files.problem).toContainText('There is no model in');
  await drop(page, a, b);
  await expect(files.problem).toHaveAttribute('data-code', 'bad-argument');
  await expect(files.problem).toContainText('another, one');
});

test('a text is still a document, alone and with a model waiting for the rest', async ({ page }) => {
  const folder = disk.write('my-model', without(checkpoint, 'tokenizer.json'));
  disk.write('texts', { 'notes.txt': encode('The mill wheel moved.'), 'data.json': encode('{"a": 1}') });
  const chat = chatOn(page);
  await chat.openReady();
  const files = filesOn(page);
  await drop(page, join(disk.path, 'texts/data.json'));
  await expect(chat.chip).toContainText('data.json');
  await drop(page, folder);
  await expect(files.picked).toHaveAttribute('data-state', 'waiting');
  await page.keyboard.press('Escape');
  await drop(page, join(disk.path, 'texts/notes.txt'));
  await expect(chat.chip.last()).toContainText('notes.txt');
});

test('a model that is copied into this browser is there after a reload, when its folder is gone', async ({
  page,
}) => {
  await withoutHandles(page);
  const folder = disk.write('my-model', shards);
  await chatOn(page).openReady();
  const files = filesOn(page);
  await drop(page, folder);
  await page.getByTestId('picked-copy').click();
  await expect(page.getByTestId('transfer')).toHaveAttribute('data-state', 'done');
  await expect(files.picked).toHaveCount(0);
  await page.getByTestId('transfer-load').click();
  await files.expectReady('my-model');

  disk.remove();
  await page.reload();
  await files.expectReady('my-model');
  await expectAnswer(page);
  await files.openDialog();
  await expect(page.getByTestId('stored-model')).toContainText('copied from files');
  await page.getByTestId('load-demo').click();
  await files.expectReady('Demo model');
});

test('a picked model is loaded with the keyboard alone', async ({ page }) => {
  await withoutHandles(page);
  const folder = disk.write('my-model', checkpoint);
  // Asked for early: a key pressed at once would open the browser's own chooser before Playwright stands in its place.
  const chooser = page.waitForEvent('filechooser');
  await chatOn(page).openReady();
  const files = filesOn(page);
  await page.getByTestId('model-status').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('pick-folder').focus();
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(folder);
  await expect(files.picked).toBeFocused();
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('Tab');
    if (await page.getByTestId('picked-load').evaluate((button) => button === document.activeElement)) break;
  }
  await expect(page.getByTestId('picked-load')).toBeFocused();
  await page.keyboard.press('Enter');
  await files.expectReady('my-model');
});

test.describe('a model that is remembered where it lies', () => {
  async function remember(page: Page): Promise<string> {
    const folder = disk.write('my-model', checkpoint);
    await chatOn(page).openReady();
    await drop(page, folder);
    await expect(page.getByTestId('picked-remember')).toBeChecked();
    await filesOn(page).load();
    await filesOn(page).expectReady('my-model');
    return folder;
  }

  test('is there after a reload, and no longer when it is forgotten', async ({ page }) => {
    await remember(page);
    const files = filesOn(page);
    await page.reload();
    await files.expectReady('my-model');
    await expectAnswer(page);
    await files.openDialog();
    await page.getByTestId('remembered-forget').click();
    await expect(page.getByTestId('remembered-model')).toHaveCount(0);
    await page.reload();
    await files.expectReady('Demo model');
  });

  test('waits for a click where the browser asks again, and for another choice where it refuses', async ({
    page,
  }) => {
    await remember(page);
    const files = filesOn(page);
    await page.addInitScript(() => {
      const state = (name: string) => async () => sessionStorage.getItem(name) ?? 'prompt';
      Object.assign(FileSystemHandle.prototype, {
        queryPermission: state('query'),
        requestPermission: state('request'),
      });
    });
    await page.reload();
    await files.expectReady('Demo model');
    await expect(page.getByTestId('reopen-notice')).toContainText('my-model');
    await page.getByTestId('remembered-load').click();
    await expect(files.problem).toHaveAttribute('data-code', 'file-unreadable');
    await expect(page.getByTestId('model-status')).toContainText('Demo model');

    await page.evaluate(() => sessionStorage.setItem('request', 'granted'));
    await page.reload();
    await files.expectReady('Demo model');
    await page.getByTestId('remembered-load').click();
    await files.expectReady('my-model');
    await expect(page.getByTestId('reopen-notice')).toHaveCount(0);
  });

  test('gives way to the demo, with the reason, when its folder is gone', async ({ page }) => {
    await remember(page);
    disk.remove();
    await page.reload();
    await filesOn(page).expectReady('Demo model');
    await expect(page.getByTestId('library-notice')).toContainText('no longer where it was');
  });
});
