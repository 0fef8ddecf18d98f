import { expect } from '@playwright/test';
import { sharded, shardName, without } from '../src/engine/weights/files.test-support';
import { choose, DiskFolder, filesOn, withoutHandles } from './files-page';
import { chatOn, checkpoint, expectSound, test } from './page';

const shards = sharded(checkpoint, 3);
const NAME = 'a-model-with-a-long-name-that-somebody-gave-it-4bit-instruct';
let disk: DiskFolder;
test.beforeEach(() => (disk = new DiskFolder()));
test.afterEach(() => disk.remove());

test('the visitor’s own models are sound: waiting for files, refused, whole, copied', async ({ page }) => {
  await withoutHandles(page);
  const part = disk.write(NAME, without(shards, 'tokenizer.json', shardName(1, 3)));
  const rest = disk.write('rest', {
    'tokenizer.json': shards['tokenizer.json']!,
    [shardName(1, 3)]: shards[shardName(1, 3)]!,
  });
  const wrong = disk.write('wrong', { 'model.gguf': new Uint8Array(8) });
  await chatOn(page).openReady();
  const files = filesOn(page);
  await files.openDialog();
  await choose(page, 'pick-folder', part);
  await expect(files.picked).toHaveAttribute('data-state', 'waiting');
  await expectSound(page, 'waiting for files');
  await choose(page, 'pick-folder', wrong);
  await expect(files.problem).toHaveAttribute('data-code', 'dtype-unsupported');
  await expect(files.picked).toHaveAttribute('data-state', 'waiting');
  await expectSound(page, 'refused, the other still waiting');
  await choose(page, 'pick-folder', rest);
  await expect(files.picked).toHaveAttribute('data-state', 'complete');
  await expect(files.problem).toHaveCount(0);
  await expectSound(page, 'whole');
  await page.getByTestId('picked-copy').click();
  await expect(page.getByTestId('transfer')).toHaveAttribute('data-state', 'done');
  await expectSound(page, 'copied');
});
