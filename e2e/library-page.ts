/** What the journeys of the library share: the Models dialog in words of its visitor. */
import { expect, type Page } from '@playwright/test';

export function libraryOn(page: Page, hubUrl: string) {
  const get = (testId: string) => page.getByTestId(testId);
  return {
    transfer: get('transfer'),
    stored: get('stored-model'),
    error: get('library-error'),

    async openDialog() {
      await get('model-status').click();
      await expect(get('models-dialog')).toBeVisible();
    },

    /** The dialog with the Hub of this machine in place of huggingface.co. */
    async openOn() {
      await this.openDialog();
      await get('hub-fields').locator('summary').click();
      await get('hub-address').fill(hubUrl);
    },

    async look(name: string) {
      await get('hub-name').fill(name);
      await get('hub-name').press('Enter');
    },

    async download(name = 'fastkv/demo') {
      await this.look(name);
      await get('hub-download').click();
    },

    async expectStored() {
      await expect(get('transfer')).toHaveAttribute('data-state', 'done');
    },

    async loadIt() {
      await get('transfer-load').click();
      await expect(get('models-dialog')).toHaveCount(0);
    },

    async expectReady(name: string) {
      await expect(get('model-status')).toContainText(name);
      await expect(get('model-status')).toHaveAttribute('data-value', 'ready');
    },
  };
}
