import { expect, type Page } from '@playwright/test';
import { answered, chatOn, endless, sampleNamed, savedBy, test } from './page';

const asked = sampleNamed('short').questions.filter(({ right }) => right);
const [FIRST, SECOND] = [asked[0]?.question ?? '', asked[1]?.question ?? ''];
const ANSWER = asked[0]?.answer ?? '';

/** A chat about the short sample with its first question answered. */
const firstAnswered = (page: Page) => answered(page, 'short', [FIRST]);

test('a reload brings the conversation back with its document, and it goes on', async ({ page }) => {
  const chat = await firstAnswered(page);
  await page.reload();
  await expect(page.getByTestId('answer-text')).toHaveText(ANSWER);
  await expect(chat.chip).toContainText('Short sample');
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await chat.ask(SECOND);
  await chat.finished(chat.answers.nth(1));
  await expect(page.getByTestId('answer-text').nth(1)).not.toBeEmpty();
});

test('a reload in the middle of an answer keeps the part and marks it, and the answer can be gone on with', async ({
  page,
}) => {
  await endless(page);
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await chat.ask(FIRST);
  const text = page.getByTestId('answer-text');
  await expect(chat.answers.first()).toHaveAttribute('data-state', 'writing');
  // Past the first time that it was written down.
  await page.waitForTimeout(2500);
  await page.reload();
  await expect(page.getByTestId('interrupted')).toContainText('Interrupted');
  await expect(text).not.toBeEmpty();
  const part = (await text.textContent()) ?? '';
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await page.getByTestId('continue').click();
  await expect.poll(async () => ((await text.textContent()) ?? '').length).toBeGreaterThan(part.length);
  await chat.stop.click();
  await chat.finished(chat.answers.first());
  expect((await text.textContent())?.startsWith(part)).toBe(true);
});

test('two tabs with the same conversation: one answers, the other watches, and both have all of it', async ({
  page,
  context,
}) => {
  await endless(page);
  const one = chatOn(page);
  await one.openReady();
  await one.attachShort();
  await one.ask(FIRST);
  await expect(one.answers.first()).toHaveAttribute('data-state', 'writing');
  const id = await page.evaluate(() => sessionStorage.getItem('fastkv.conversation'));

  const second = await context.newPage();
  await second.addInitScript((shown) => sessionStorage.setItem('fastkv.conversation', shown ?? ''), id);
  const two = chatOn(second);
  await two.open();
  await expect(second.getByTestId('send-off')).toHaveText('Another tab is answering in this chat');
  const seen = second.getByTestId('answer-text');
  await expect(seen).not.toBeEmpty();
  const before = ((await seen.textContent()) ?? '').length;
  await expect.poll(async () => ((await seen.textContent()) ?? '').length).toBeGreaterThan(before);

  // The first goes on with it while another chat is looked at there.
  await page.keyboard.press('Control+Shift+O');
  await expect(one.answers).toHaveCount(0);
  await expect(page.getByTestId('send-off')).toContainText('Another chat is being answered');
  const away = ((await seen.textContent()) ?? '').length;
  await expect.poll(async () => ((await seen.textContent()) ?? '').length).toBeGreaterThan(away);
  await page.keyboard.press('Control+B');
  await expect(page.getByTestId('conversation')).toContainText('Being answered');
  await page.getByTestId('conversation-open').click();
  await expect(one.answers.first()).toHaveAttribute('data-state', 'writing');

  await one.stop.click();
  await one.finished(one.answers.first());
  await expect(second.getByTestId('stopped')).toBeVisible();
  await expect(second.getByTestId('send-off')).toHaveCount(0);
  await expect(seen).toHaveText((await page.getByTestId('answer-text').textContent()) ?? '');
});

const downloaded = async (page: Page, testId: string) =>
  (await savedBy(page, () => page.getByTestId(testId).click())).toString();

test('the list of chats: new, back, renamed, searched, deleted and brought back', async ({ page }) => {
  const chat = await firstAnswered(page);
  await page.keyboard.press('Control+Shift+O');
  await expect(chat.answers).toHaveCount(0);
  await chat.ask('Hello there?');
  await chat.finished(chat.answers.first());
  await page.keyboard.press('Control+B');
  const items = page.getByTestId('conversation');
  await expect(items).toHaveCount(2);
  await expect(page.getByTestId('sidebar')).toContainText('Today');
  await items.nth(1).getByTestId('conversation-open').click();
  await expect(page.getByTestId('answer-text')).toHaveText(ANSWER);

  await items.nth(1).getByTestId('conversation-more').click();
  await page.getByTestId('conversation-rename').click();
  await page.getByTestId('conversation-name').fill('The robots');
  await page.getByTestId('conversation-name').press('Enter');
  await expect(items.filter({ hasText: 'The robots' })).toHaveCount(1);

  await page.keyboard.press('Control+K');
  await expect(page.getByTestId('conversation-search')).toBeFocused();
  await page.keyboard.type(ANSWER.slice(0, 8).toLowerCase());
  await expect(items).toHaveCount(1);
  await expect(items).toContainText(ANSWER);
  await page.getByTestId('conversation-search').fill('');
  await expect(items).toHaveCount(2);

  const robots = items.filter({ hasText: 'The robots' });
  await robots.getByTestId('conversation-more').click();
  await page.getByTestId('conversation-remove').click();
  await expect(items).toHaveCount(1);
  await expect(chat.answers).toHaveCount(0);
  await items.getByTestId('conversation-more').click();
  await page.getByTestId('conversation-remove').click();
  await expect(items).toHaveCount(0);
  await expect(page.getByTestId('undo-notice')).toContainText('Deleted “Hello there?”. 1 more to undo.');
  await page.getByTestId('undo').click();
  await expect(items).toHaveCount(1);
  await expect(page.getByTestId('undo')).toBeFocused();
  await page.getByTestId('undo').click();
  await expect(robots).toHaveCount(1);
  await expect(page.getByTestId('answer-text')).toHaveText(ANSWER);
});

test('a chat goes out as JSON and comes back, once; Markdown is for reading; what is no export is refused', async ({
  page,
}) => {
  await firstAnswered(page);
  await page.getByTestId('sidebar-toggle').click();
  const items = page.getByTestId('conversation');
  await items.getByTestId('conversation-more').click();
  expect(await downloaded(page, 'export-markdown')).toContain(`## Answer\n\n${ANSWER}\n`);
  const buffer = Buffer.from(await downloaded(page, 'export-json'));
  const file = { name: 'chat.json', mimeType: 'application/json', buffer };
  await page.getByTestId('import-file').setInputFiles(file);
  await expect(page.getByTestId('notice')).toContainText('Nothing was imported: the chat was here already.');
  await expect(items).toHaveCount(1);
  await page.getByTestId('conversation-remove').click();
  await expect(items).toHaveCount(0);
  await page.getByTestId('import-file').setInputFiles(file);
  await expect(page.getByTestId('notice')).toContainText('Imported 1 chat.');
  await expect(page.getByTestId('undo'), 'below the news').toBeVisible();
  await items.getByTestId('conversation-open').click();
  await expect(page.getByTestId('answer-text')).toHaveText(ANSWER);
  await expect(page.getByTestId('document-chip')).toContainText('Short sample');

  const other = { name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') };
  await page.getByTestId('import-file').setInputFiles(other);
  await expect(page.getByTestId('notice')).toContainText('holds no chats');
  await expect(items).toHaveCount(1);
});

test('a browser that keeps nothing says so, and chats are there as long as the page', async ({ page }) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('denied', 'SecurityError');
    };
  });
  const chat = await firstAnswered(page);
  await page.getByTestId('sidebar-toggle').click();
  await expect(page.getByTestId('not-kept')).toBeVisible();
  await page.getByTestId('new-chat').click();
  await expect(chat.answers).toHaveCount(0);
  await page.getByTestId('conversation-open').click();
  await expect(page.getByTestId('answer-text')).toHaveText(ANSWER);
});
