/** By finger, at the width of a phone, what other journeys do at a desk. */
import { expect, test, type Page } from '@playwright/test';
import { chatOn, overflowing, savedBy, smallTargets } from './page';
import { scriptEngine, tokens, unitBytes } from './scripted-engine';

async function expectFit(page: Page, screen: string): Promise<void> {
  expect(await smallTargets(page), screen).toEqual([]);
  expect(await overflowing(page), screen).toEqual([]);
  await page.screenshot({ path: test.info().outputPath(`${screen}.png`) });
}

async function ask(page: Page, question: string): Promise<void> {
  const chat = chatOn(page);
  await chat.composer.tap();
  await chat.composer.fill(question);
  await chat.send.tap();
  await chat.finished(chat.answers.last());
}

test('in the drawer, which keeps the focus, chats are renamed, saved, searched, deleted and brought back', async ({
  page,
}) => {
  await scriptEngine(page, { answers: ['It is silver.', 'It is old.'], tokensPerSecond: 1e6 });
  const chat = chatOn(page);
  await chat.openReady('?model=SmolLM2-135M-Instruct-4bit/');
  const name = page.getByTestId('model-status').locator('.model-status-name');
  const cut = await name.evaluate(
    (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight,
  );
  expect(cut, 'the name of the model').toBe(false);
  await ask(page, 'Which colour?');
  await page.getByTestId('new-chat').tap();
  await ask(page, 'How old?');
  const drawer = page.getByTestId('sidebar');
  const items = page.getByTestId('conversation');
  const toggle = page.getByTestId('sidebar-toggle');

  await toggle.tap();
  await expect(items).toHaveCount(2);
  for (let presses = 0; presses < 14; presses++) {
    await page.keyboard.press('Tab');
    const away = await page.evaluate(
      () => document.activeElement?.closest('.header, .chat, #inspector') !== null,
    );
    expect(away, `after Tab ${presses + 1}`).toBe(false);
  }
  await items.nth(1).getByTestId('conversation-more').tap();
  await expectFit(page, 'drawer');
  const markdown = await savedBy(page, () => page.getByTestId('export-markdown').tap());
  expect(markdown.toString()).toContain('It is silver.');
  await page.getByTestId('conversation-rename').tap();
  await page.getByTestId('conversation-name').fill('Colours');
  await page.getByTestId('conversation-search').tap();
  await expect(items.filter({ hasText: 'Colours' })).toHaveCount(1);

  await page.getByTestId('conversation-search').fill('silver');
  await expect(items).toHaveCount(1);
  await items.getByTestId('conversation-open').tap();
  await expect(drawer, 'it would hide what was opened').toHaveCount(0);
  await expect(page.getByTestId('answer-text')).toHaveText('It is silver.');
  await expect(toggle).toBeFocused();

  await toggle.tap();
  await page.getByTestId('conversation-more').tap();
  await page.getByTestId('conversation-remove').tap();
  await expect(items).toHaveCount(0);
  await expectFit(page, 'deleted');
  // The way back is in the drawer too.
  await drawer.getByTestId('undo').tap();
  await page.getByTestId('conversation-search').fill('');
  await expect(items).toHaveCount(2);
  // Beside it.
  await page.touchscreen.tap(380, 500);
  await expect(drawer).toHaveCount(0);
  await expect(page.getByTestId('answer-text')).toHaveText('It is silver.');
  // With a keyboard, by what opens it.
  await page.keyboard.press('Control+b');
  await expect(items).toHaveCount(2);
  await page.keyboard.press('Control+b');
  await expect(drawer).toHaveCount(0);
});

/** Long enough that a finger finds it being written. */
const LONG = 'It goes on, word after word. '.repeat(100);

test('messages are edited, answered anew, leafed through, copied, deleted, stopped and gone on with', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const answers = ['It is silver.', 'It is old.', 'It is older.', LONG];
  await scriptEngine(page, { answers, tokensPerSecond: 40, atOnce: 3 });
  const chat = chatOn(page);
  const text = page.getByTestId('answer-text');
  await chat.openReady();
  await ask(page, 'Which colour?');
  await page.getByTestId('edit').tap();
  await page.getByTestId('edit-box').fill('How old?');
  await expectFit(page, 'editing');
  await page.getByTestId('edit-send').tap();
  await expect(text).toHaveText('It is old.');
  await page.getByTestId('branch-previous').tap();
  await expect(text).toHaveText('It is silver.');
  await page.getByTestId('branch-next').tap();
  await page.getByTestId('regenerate').tap();
  await expect(text).toHaveText('It is older.');
  await expect(page.getByTestId('branch-place').last()).toHaveText('Version 2 / of 2');
  await page.getByTestId('answer-actions').getByTestId('copy').tap();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('It is older.');
  await expectFit(page, 'versions');

  await page.getByTestId('answer-actions').getByTestId('remove').tap();
  await expect(text).toHaveText('It is old.');
  await expect(chat.composer, 'a finger left no focus behind').not.toBeFocused();
  await expectFit(page, 'answer-deleted');
  await page.getByTestId('undo').tap();
  await expect(text).toHaveText('It is older.');

  await chat.composer.fill('And then?');
  await chat.send.tap();
  // A second tap at once would be taken for a double tap on Send.
  await expect(text.last()).toContainText(/(word after word.*){4}/);
  await chat.stop.tap();
  await expect(page.getByTestId('stopped')).toBeVisible();
  await expectFit(page, 'stopped');
  const part = (await text.last().textContent()) ?? '';
  await page.getByTestId('continue').tap();
  await expect
    .poll(async () => ((await text.last().textContent()) ?? '').length)
    .toBeGreaterThan(part.length);
  await chat.stop.tap();
  await chat.finished(chat.answers.last());
});

test('a document is attached, read and taken out, settings are changed, and the gauge tells when it is too much', async ({
  page,
}) => {
  // A text of a thousand tokens is tight.
  await page.addInitScript((budget) => localStorage.setItem('fastkv.budget', budget), unitBytes(3350));
  await scriptEngine(page, { answers: ['So.'], tokensPerSecond: 1e6, contextLength: 4096 });
  const chat = chatOn(page);
  await chat.openReady();
  const attach = async (name: string, body: string) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByTestId('attach').tap()]);
    await chooser.setFiles({ name, mimeType: '', buffer: Buffer.from(body) });
  };
  await attach('lease.txt', `The rent is due on the third. ${tokens(1000)}`);
  await chat.chip.getByRole('button').first().tap();
  await expect(page.getByTestId('document-dialog')).toContainText('The rent is due');
  await expectFit(page, 'document');
  await page.getByTestId('document-dialog').getByRole('button', { name: 'Close' }).tap();
  await chat.chip.getByTestId('document-remove').tap();
  await expect(chat.chip).toHaveCount(0);
  await page.getByTestId('undo').tap();
  await expect(chat.chip).toHaveCount(1);

  await page.getByTestId('settings-open').tap();
  await page.getByTestId('field-maxNewTokens').fill('1');
  await expectFit(page, 'settings');
  await page.getByRole('radio', { name: 'Dark' }).tap();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByTestId('settings-dialog').getByRole('button', { name: 'Close' }).tap();
  await expect(page.getByTestId('settings-dialog')).toHaveCount(0);

  await expect(page.getByTestId('next-turn')).toContainText('Memory will be tight.');
  await expectFit(page, 'tight');
  await page.getByTestId('apply-next-turn').tap();
  await expect(page.getByTestId('next-turn')).toHaveCount(0);
  await expect(page.getByTestId('context-gauge')).toHaveText(/^1,008 of 4,096/);
  await attach('long.txt', tokens(3200));
  await expect(page.getByTestId('next-turn')).toContainText('Too long to send.');
  await expectFit(page, 'too-long');
  await page.getByTestId('remove-document').last().tap();
  await expect(page.getByTestId('next-turn')).toHaveCount(0);
  await expect(chat.composer).not.toBeFocused();
  await ask(page, 'When is the rent due?');
  await expect(chat.answers).toHaveCount(1);
  await expectFit(page, 'answered');
});
