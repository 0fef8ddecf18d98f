import { rmSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { writeRandomCheckpoint } from '../tools/random-checkpoint';
import { choose, filesOn, withoutHandles } from './files-page';
import { watchHeaps } from './heaps';
import { chatOn } from './page';

/** Served with the built page, as a model on the same host is. */
const FOLDER = 'dist/models/random-100';
const MB = 1e6;
const STRETCH_BYTES = 8 * 2 ** 20;
let bytes = 0;

test.beforeAll(async () => {
  bytes = await writeRandomCheckpoint(FOLDER, 100 * MB);
});
test.afterAll(() => rmSync(FOLDER, { recursive: true }));

const WAYS: readonly [way: string, load: (page: Page) => Promise<void>][] = [
  ['from its host', (page) => chatOn(page).openReady('?model=models/random-100/')],
  [
    'from the disk, picked,',
    async (page) => {
      await withoutHandles(page);
      await chatOn(page).openReady();
      const files = filesOn(page);
      await files.openDialog();
      await choose(page, 'pick-folder', FOLDER);
      await files.load();
      await files.expectReady('random-100');
    },
  ],
];

for (const [way, load] of WAYS) {
  test(`a checkpoint of 100 MB ${way} goes to the GPU in slices: JavaScript holds a small part of it, and the GPU one copy`, async ({
    page,
  }) => {
    await expectSlices(page, load);
  });
}

async function expectSlices(page: Page, load: (page: Page) => Promise<void>): Promise<void> {
  const chat = chatOn(page);
  const heaps = await watchHeaps(page);
  await load(page);
  const { peakBytes, samples } = await heaps.stop();
  expect(bytes).toBeGreaterThan(95 * MB);
  expect(samples).toBeGreaterThan(20);
  // A stretch of 8 MiB and the next, and the page; some 17 MB measured.
  expect(peakBytes).toBeLessThan(40 * MB);

  await chat.ask('Why?');
  await expect(chat.answers.first()).toHaveAttribute('data-state', 'writing');
  await page.keyboard.press('Escape');
  await expect(chat.answers.first()).toHaveAttribute('data-state', 'done');
  const [weights, scratch, kv, peak] = await Promise.all(
    ['weights-bytes', 'kv-scratch-peak-bytes', 'kv-allocated-bytes', 'peak-bytes'].map(chat.figure),
  );
  expect(weights).toBeCloseTo(bytes / 2, -6); // 16 bits of 32
  // While loading, a stretch is on the GPU beside the weights as it was in the file.
  expect(Math.abs(peak! / (weights! + scratch! + kv! + STRETCH_BYTES) - 1)).toBeLessThan(0.05);
}
