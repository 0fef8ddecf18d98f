import { expect } from '@playwright/test';
import { sharded } from '../src/engine/weights/files.test-support';
import { startHub, type HubServer } from './hub-server';
import { libraryOn } from './library-page';
import { chatOn, checkpoint, expectSound, test } from './page';

// As in hub.spec.ts.
test.use({ model: 'demo' });

let hub: HubServer;
test.beforeEach(async () => {
  hub = await startHub({
    'fastkv/demo': checkpoint,
    'an-owner-with-a-long-name/shards-of-the-demo': sharded(checkpoint, 3),
  });
});
test.afterEach(() => hub.close());

test('the library has no serious violation in any of its states, and fits the window', async ({ page }) => {
  await chatOn(page).openReady();
  const library = libraryOn(page, hub.url);
  await library.openOn();
  await expectSound(page, 'settings of the Hub');
  await library.look('no name');
  await expectSound(page, 'no name');
  await library.look('fastkv/nothing');
  await expect(library.error).toBeVisible();
  await expectSound(page, 'refused');
  await library.look('an-owner-with-a-long-name/shards-of-the-demo');
  await page.getByTestId('hub-found').locator('summary').click();
  await expectSound(page, 'found');
  // So slow that it is not there before it is cancelled, however long the look takes.
  hub.faults.slow = 1000;
  await page.getByTestId('hub-download').click();
  await expect(library.transfer).toContainText('left');
  await library.transfer.locator('summary').click();
  await expectSound(page, 'downloading');
  await page.getByTestId('transfer-cancel').click();
  await expect(page.getByTestId('stored-resume')).toBeVisible();
  hub.faults.slow = 0;
  await library.download();
  await library.expectStored();
  await expectSound(page, 'stored, one in part');
  await page.getByTestId('stored-delete').first().click();
  await expectSound(page, 'asked before deleting');
});
