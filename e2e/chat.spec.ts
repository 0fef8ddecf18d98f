import { expect } from '@playwright/test';
import {
  chatOn,
  demoLonger,
  demoShort,
  endless,
  longText,
  sampleNamed,
  test,
  watchAnswers,
  watchFigureWhileReading,
} from './page';

const short = sampleNamed('short');
const asked = short.questions.filter(({ right }) => right);

test.describe('the page’s own model', () => {
  test.use({ model: 'demo' });

  test('a visitor attaches the short sample, clicks a question and reads the right answer as it is written; it is right of a longer text too, with a tenth of it kept and with all of it', async ({
    page,
  }) => {
    const chat = chatOn(page);
    // On one fact: with a tenth of so short a text kept, there is no room for two.
    const { question, answer } = demoShort.questions.find(
      (one) => one.right && one.right_fastkv && one.answer.split('. ').length === 1,
    )!;
    await chat.openReady();
    await expect(page).toHaveTitle('FastKV Chat');
    await expect(page.getByTestId('sample-question')).toHaveCount(0);
    await chat.attachShort();
    await expect(page.getByTestId('sample-question')).toHaveCount(3);
    const seen = await watchAnswers(page);
    const kvBytes = await watchFigureWhileReading(page, 'kv-hot-bytes');
    await page.getByTestId('sample-question').filter({ hasText: question }).click();

    await chat.finished(chat.answers.first());
    await expect(page.getByTestId('answer-text')).toHaveText(answer);
    expect((await seen()).length, 'texts shown while it was written').toBeGreaterThan(1);
    const bytes = await kvBytes();
    expect(new Set(bytes).size, 'KV bytes shown while it was read').toBeGreaterThanOrEqual(3);
    const largest = await chat.figure('kv-hot-bytes');
    // Short enough to be kept whole, so nothing is let go after it was read.
    expect([...bytes, largest], 'a cache that keeps everything only grows').toEqual(
      [...bytes, largest].sort((a, b) => a - b),
    );

    const message = page.getByTestId('message').and(page.locator('[data-role=user]'));
    await expect(message).toContainText(question);
    await expect(message).not.toContainText(demoShort.text.slice(0, 40));
    for (const name of [
      'ttft-ms',
      'decode-tps',
      'kv-hot-bytes',
      'kv-full-bytes',
      'weights-bytes',
      'total-bytes',
    ]) {
      expect(await chat.figure(name), name).toBeGreaterThan(0);
    }
    await expect(page.getByTestId('answer-figures')).toContainText('tok/s');

    for (const mode of ['exact', 'full']) {
      await page.getByTestId('new-chat').click();
      await chat.attachFile('longer.txt', `${demoLonger.text.slice(0, 1000)}\n\n${demoShort.text}`);
      await page.getByTestId(`mode-${mode}`).check();
      await chat.ask(question);
      await chat.finished(chat.answers.first());
      await expect(page.getByTestId('answer-text'), mode).toHaveText(answer);
      const kept = (await chat.figure('kv-hot-bytes')) / (await chat.figure('kv-full-bytes'));
      if (mode === 'full') expect(kept).toBe(1);
      else expect(kept).toBeLessThan(0.25);
    }
  });
});

for (const profile of ['portable', 'software']) {
  // The same recorded answers that the engine's tests hold Node to.
  test(`profile ${profile} writes in f32 what it writes in Node`, async ({ page }) => {
    const chat = chatOn(page);
    await chat.openReady(`?dtype=f32&profile=${profile}`);
    await chat.attachShort();
    for (const [i, { question, model_full_cache: recorded }] of asked.slice(0, 2).entries()) {
      if (i > 0) await page.getByTestId('new-chat').click();
      if (i > 0) await chat.attachShort();
      await chat.composer.fill(question);
      await chat.composer.press('Enter');
      await chat.finished(chat.answers.first());
      await expect(page.getByTestId('answer-text')).toHaveText(recorded);
    }
  });
}

test('the document of a question can be read where it was attached', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await expect(chat.chip).toContainText('tokens');
  await chat.chip.getByRole('button').first().click();
  const dialog = page.getByTestId('document-dialog');
  await expect(dialog).toContainText(short.text.slice(0, 60));
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(chat.chip.getByRole('button').first()).toBeFocused();
});

test('a follow-up does not read again what the cache holds', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  const firstPrompt = await chat.figure('prompt-tokens');
  expect(await chat.figure('reused-tokens')).toBe(0);

  await chat.ask(asked[1]?.question ?? '');
  await chat.finished(chat.answers.nth(1));
  await expect(page.getByTestId('answer-text').nth(1)).not.toBeEmpty();
  expect(await chat.figure('reused-tokens')).toBeGreaterThanOrEqual(firstPrompt - 1);
  expect(await chat.figure('prompt-tokens')).toBeGreaterThan(firstPrompt);
});

test('a turn can be stopped while it reads, and the next question is answered', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachFile('long.txt', longText(40));
  await chat.ask('What is this?');
  await expect(page.getByTestId('reading-progress')).toContainText(/Reading\s+\d+\s%/);
  await chat.composer.fill('typed while it reads');
  await chat.stop.click();
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('stopped')).toHaveText(/^Stopped at \d+\s% of the reading\.$/);
  await expect(chat.composer).toHaveValue('typed while it reads');

  await page.getByTestId('new-chat').click();
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('answer-text')).toHaveText(asked[0]?.answer ?? '');
});

test('a turn can be stopped while it writes, keeps its part, and another can be asked', async ({ page }) => {
  await endless(page);
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await expect(chat.answers.first()).toHaveAttribute('data-state', 'writing');
  await expect(page.getByTestId('answer-text')).not.toBeEmpty();
  await chat.composer.press('Escape');
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('stopped')).toContainText('Stopped');
  await expect(page.getByTestId('answer-text')).not.toBeEmpty();

  await chat.ask(asked[1]?.question ?? '');
  await expect(page.getByTestId('answer-text').nth(1)).not.toBeEmpty();
  await chat.stop.click();
  await chat.finished(chat.answers.nth(1));
});

test('a long paste becomes a document, and one pasted into a running chat goes with its next question', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());

  await chat.composer.evaluate((box, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    box.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, longText(5));
  const pasted = chat.chip.filter({ hasText: 'Pasted text' });
  await expect(page.locator('form.composer').filter({ has: pasted })).toBeVisible();
  await expect(chat.composer).toHaveValue('');
  await expect(chat.answers).toHaveCount(1);
  await chat.ask('And this?');
  const question = page.getByTestId('message').filter({ hasText: 'And this?' });
  await expect(question.filter({ has: pasted })).toBeVisible();
  await expect(chat.chip).toHaveCount(2);
  await chat.stop.click();
});

test('Enter sends, Shift+Enter breaks the line, and a composing input method keeps its Enter', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.composer.fill('one');
  await chat.composer.press('Shift+Enter');
  await chat.composer.pressSequentially('two');
  await expect(chat.composer).toHaveValue('one\ntwo');
  await chat.composer.evaluate((box) =>
    box.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }),
    ),
  );
  await expect(chat.composer).toHaveValue('one\ntwo');
  await chat.composer.press('Enter');
  await expect(chat.composer).toHaveValue('');
  await expect(page.getByTestId('message').first()).toContainText('one\ntwo');
});

test('a double click on Send sends, and does not stop what it sent', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await chat.composer.fill(asked[0]?.question ?? '');
  await chat.send.dblclick();
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('answer-text')).toHaveText(asked[0]?.answer ?? '');
});

test('a browser that lets the page store nothing still chats', async ({ page }) => {
  await page.addInitScript(() => {
    const refuse = () => {
      throw new DOMException('Access is denied for this document.', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', { get: refuse });
  });
  await chatOn(page).openReady();
  await expect(page.getByTestId('sample-short')).toBeVisible();
  await expect(page.getByTestId('settings-hold')).toContainText('kept only until the page is closed');
});
