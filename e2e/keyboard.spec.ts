/** What has no journey by keyboard alone elsewhere: the list of chats, and what is offered where the context is full. */
import { expect, test, type Page } from '@playwright/test';
import { chatOn, savedBy } from './page';
import { scriptEngine, tokens, unitBytes } from './scripted-engine';

/** Goes on with Tab until an element with this test id has the focus. */
async function tabTo(page: Page, testId: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    if ((await focused()) === testId) return;
  }
  throw new Error(`${testId} cannot be reached with ${key}`);
}

async function press(page: Page, testId: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await tabTo(page, testId, key);
  await page.keyboard.press('Enter');
}

async function ask(page: Page, question: string, turn: number): Promise<void> {
  const chat = chatOn(page);
  await expect(chat.composer).toBeFocused();
  await page.keyboard.type(question);
  await page.keyboard.press('Enter');
  await chat.finished(chat.answers.nth(turn));
}

const downloaded = async (page: Page, testId: string) =>
  (await savedBy(page, () => press(page, testId))).toString();

/** Presses a button that lets files be chosen, and chooses. */
async function choose(
  page: Page,
  testId: string,
  [name, body]: readonly [string, string],
  key?: 'Shift+Tab',
): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, testId, key)]);
  await chooser.setFiles({ name, mimeType: '', buffer: Buffer.from(body) });
}

test('chats are searched, switched, renamed, saved, brought in, deleted and brought back', async ({
  page,
}) => {
  await scriptEngine(page, { answers: ['It is silver.', 'It is old.'], tokensPerSecond: 1e6 });
  const chat = chatOn(page);
  await chat.openReady();
  await page.keyboard.press('Shift+Escape');
  await ask(page, 'Which colour?', 0);
  await page.keyboard.press('Control+Shift+O');
  await ask(page, 'How old?', 0);

  const items = page.getByTestId('conversation');
  const search = page.getByTestId('conversation-search');
  await page.keyboard.press('Control+K');
  await expect(search).toBeFocused();
  await page.keyboard.type('silver');
  await expect(items).toHaveCount(1);
  await press(page, 'conversation-open');
  await expect(page.getByTestId('answer-text')).toHaveText('It is silver.');

  await press(page, 'conversation-more');
  await press(page, 'conversation-rename');
  await page.keyboard.type('Colours');
  await page.keyboard.press('Enter');
  await expect(items).toHaveText(/^Colours/);
  await expect(page.getByTestId('conversation-more'), 'the box that had the focus is gone').toBeFocused();
  await page.keyboard.press('Enter');
  expect(await downloaded(page, 'export-markdown')).toContain('## Answer\n\nIt is silver.\n');
  const json = await downloaded(page, 'export-json');

  await page.keyboard.press('Control+K');
  await expect(search).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await expect(items).toHaveCount(2);
  await tabTo(page, 'import-open', 'Shift+Tab');
  expect(await downloaded(page, 'export-all')).toContain('It is old.');
  await tabTo(page, 'conversation-search');
  const other = json.replaceAll('It is silver.', 'It was silver.');
  await choose(page, 'import-open', ['chat.json', other], 'Shift+Tab');
  await expect(items).toHaveCount(3);

  await press(page, 'conversation-more');
  await press(page, 'conversation-remove');
  await expect(items).toHaveCount(2);
  await expect(page.getByTestId('sidebar'), 'the row that had the focus is gone').toBeFocused();
  await press(page, 'undo');
  await expect(items).toHaveCount(3);
  await expect(chat.composer, 'and so is the notice').toBeFocused();
  await page.keyboard.press('Control+K');
  await expect(search).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('sidebar')).toHaveCount(0);
  await expect(page.getByTestId('sidebar-toggle')).toBeFocused();
});

/** A text of 10,000 tokens needs lean mode with it, and half the retention to be at ease. */
const BUDGET = unitBytes(3350);

test('what is offered where memory or context is short is taken: a smaller retention, less to read, a new chat', async ({
  page,
}) => {
  await page.addInitScript((budget) => localStorage.setItem('fastkv.budget', budget), BUDGET);
  await scriptEngine(page, { answers: [tokens(800)], tokensPerSecond: 1e6, contextLength: 12_288 });
  const chat = chatOn(page);
  await chat.openReady();
  const notice = page.getByTestId('next-turn');
  await chat.composer.focus();
  await choose(page, 'attach', ['long.txt', tokens(10_000)]);
  const offer = page.getByTestId('apply-next-turn');
  await expect(offer).toHaveText('Switch to lean mode');
  await press(page, 'apply-next-turn', 'Shift+Tab');
  await expect(offer).toHaveText(/^Switch to a KV retention of 5.% and a TSP rate of 10.%$/);
  await expect(chat.composer).toBeFocused();
  await press(page, 'apply-next-turn', 'Shift+Tab');
  await expect(notice).toHaveCount(0);
  await expect(chat.composer, 'the button that had the focus is gone').toBeFocused();

  await choose(page, 'attach', ['more.txt', tokens(3000)]);
  await expect(notice).toContainText('Too long to send.');
  await tabTo(page, 'remove-document', 'Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByTestId('remove-document').first()).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(chat.chip).toHaveCount(1);
  await expect(notice).toHaveCount(0);

  for (const turn of [0, 1, 2]) await ask(page, 'What?', turn);
  await expect(notice).toContainText('Nothing is cut to fit');
  await press(page, 'forget-first', 'Shift+Tab');
  await expect(chat.answers).toHaveCount(2);
  await expect(notice).toHaveAttribute('data-verdict', 'near');
  await expect(chat.composer).toBeFocused();
  await press(page, 'undo', 'Shift+Tab');
  await expect(chat.answers).toHaveCount(3);
  await expect(notice).toHaveAttribute('data-verdict', 'context');
  await press(page, 'shorter-chat', 'Shift+Tab');
  await expect(chat.answers).toHaveCount(0);
  await ask(page, 'What?', 0);
});
