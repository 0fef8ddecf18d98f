import { expect, type Page } from '@playwright/test';
import { answered, chatOn, modelJson, sampleNamed, test } from './page';
import { scriptEngine } from './scripted-engine';

const asked = sampleNamed('short').questions.filter(({ right }) => right);
const [FIRST, SECOND] = [asked[0]?.question ?? '', asked[1]?.question ?? ''];

/** A chat about the short sample with its first question answered. */
const firstAnswered = (page: Page) => answered(page, 'short', [FIRST]);

const questionAt = (page: Page, index: number) =>
  page.getByTestId('message').and(page.locator('[data-role=user]')).nth(index);

test('another answer stands beside the first, and the arrows go between them with what followed each', async ({
  page,
}) => {
  const chat = await firstAnswered(page);
  await chat.ask(SECOND);
  await chat.finished(chat.answers.nth(1));
  await page.getByTestId('regenerate').first().click();
  await expect(chat.answers).toHaveCount(1);
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('branch-place')).toHaveText('Version 2 / of 2');
  // The document is not read again.
  expect(await chat.figure('reused-tokens')).toBeGreaterThan(100);

  await page.getByTestId('branch-previous').click();
  await expect(chat.answers).toHaveCount(2);
  await expect(page.getByTestId('branch-place')).toHaveText('Version 1 / of 2');
  await expect(page.getByTestId('branch-previous')).toBeDisabled();
  await page.getByTestId('branch-next').click();
  await expect(chat.answers).toHaveCount(1);
});

test('a question is changed in its place and sent again, with its document and without reading that again', async ({
  page,
}) => {
  const chat = await firstAnswered(page);
  const document = await chat.figure('prompt-tokens');
  await page.getByTestId('edit').click();
  const box = page.getByTestId('edit-box');
  await expect(box).toBeFocused();
  await expect(box).toHaveValue(FIRST);
  await box.fill('And which');
  await box.press('Escape');
  await expect(box).toHaveCount(0);
  await expect(page.getByTestId('edit')).toBeFocused();
  await expect(page.getByTestId('edit')).toHaveAccessibleName('Continue editing the question');
  await page.getByTestId('edit').click();
  await expect(box).toHaveValue('And which');
  await page.getByTestId('edit-cancel').click();

  await page.getByTestId('edit').click();
  await expect(box).toHaveValue(FIRST);
  await box.fill(SECOND);
  await box.press('Enter');
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('answer-text')).toHaveText(asked[1]?.answer ?? '');
  await expect(questionAt(page, 0)).toContainText(SECOND);
  await expect(chat.chip).toHaveCount(1);
  expect(await chat.figure('reused-tokens')).toBeGreaterThan(document / 2);

  const edges = await Promise.all(
    [questionAt(page, 0).locator('.question'), questionAt(page, 0).getByTestId('branch-next')].map((part) =>
      part.evaluate((element) => element.getBoundingClientRect().right),
    ),
  );
  expect(Math.abs(edges[0]! - edges[1]!), 'the versions are at the edge of their question').toBeLessThan(12);
  await questionAt(page, 0).getByTestId('branch-previous').click();
  await expect(questionAt(page, 0)).toContainText(FIRST);
  await expect(page.getByTestId('answer-text')).toHaveText(asked[0]?.answer ?? '');
});

test('a deleted message goes with what followed, comes back, and a question left alone can be answered', async ({
  page,
}) => {
  const chat = await firstAnswered(page);
  await chat.ask(SECOND);
  await chat.finished(chat.answers.nth(1));
  await page.getByTestId('answer-actions').first().getByTestId('remove').click();
  await expect(chat.answers).toHaveCount(0);
  await expect(chat.composer).toBeFocused();
  await expect(page.getByTestId('undo-notice')).toContainText('Deleted the answer and what followed.');
  await page.getByTestId('undo').click();
  await expect(chat.answers).toHaveCount(2);

  await page.getByTestId('answer-actions').first().getByTestId('remove').click();
  await page.getByTestId('answer-this').click();
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('answer-text')).toHaveText(asked[0]?.answer ?? '');
});

test('question and answer are copied as they were written', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await firstAnswered(page);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByTestId('answer-actions').getByTestId('copy').click();
  await expect.poll(clipboard).toBe(asked[0]?.answer);
  await expect(page.getByTestId('answer-actions').getByTestId('copy')).toHaveAccessibleName('Copied');
  await page.getByTestId('question-actions').getByTestId('copy').click();
  await expect.poll(clipboard).toBe(FIRST);
});

test('an answer cut off at the length is gone on with to its end', async ({ page }) => {
  await page.route('**/models/demo/generation_config.json', (route) =>
    route.fulfill({ json: { ...modelJson('generation_config.json'), max_new_tokens: 2 } }),
  );
  const chat = await firstAnswered(page);
  const whole = asked[0]?.answer ?? '';
  const text = page.getByTestId('answer-text');
  const begun = (await text.textContent()) ?? '';
  expect(whole.startsWith(begun) && begun.length < whole.length, begun).toBe(true);
  // The last turn may bring nothing but the end.
  for (let turn = 0; turn < 20 && (await page.getByTestId('continue').count()) > 0; turn++) {
    await page.getByTestId('continue').click();
    await chat.finished(chat.answers.first());
  }
  await expect(text).toHaveText(whole);
  await expect(chat.answers).toHaveCount(1);
});

test('words pasted into a question that is changed stay its words, however many they are', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await scriptEngine(page, { answers: ['So.'], tokensPerSecond: 1e6 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.ask('What?');
  await chat.finished(chat.answers.first());
  const long = 'A paragraph of a letter that was copied.\n'.repeat(200).trim();
  await page.evaluate((text) => navigator.clipboard.writeText(text), long);
  await page.getByTestId('edit').click();
  const box = page.getByTestId('edit-box');
  await page.keyboard.press('Control+V');
  await expect(box).toHaveValue(`What?${long}`);
  // A document would belong to the whole chat, and this is one question of it.
  await expect(chat.chip).toHaveCount(0);
  await expect(box).toBeInViewport({ ratio: 1 });
  await expect(page.getByTestId('edit-send')).toBeInViewport({ ratio: 1 });
  await page.getByTestId('edit-send').click();
  await chat.finished(chat.answers.first());
  await expect(questionAt(page, 0)).toContainText(`What?${long.slice(0, 200)}`);
  await expect(chat.chip).toHaveCount(0);
});

test('with the keyboard alone: another answer, back to the first, other words, and a deletion', async ({
  page,
}) => {
  const chat = await firstAnswered(page);
  const focusOn = async (testId: string) => {
    // Backwards from the composer, as far as it takes.
    await chat.composer.focus();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Shift+Tab');
      const at = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
      if (at === testId) return;
    }
    throw new Error(`${testId} cannot be reached`);
  };
  await focusOn('regenerate');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('branch-place')).toHaveText('Version 2 / of 2');
  await chat.finished(chat.answers.first());
  await focusOn('branch-previous');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('branch-place')).toHaveText('Version 1 / of 2');
  await expect(page.getByTestId('branch-previous')).toBeFocused();

  await focusOn('edit');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(SECOND);
  await page.keyboard.press('Enter');
  await chat.finished(chat.answers.first());
  await expect(questionAt(page, 0)).toContainText(SECOND);
  await expect(chat.composer).toBeFocused();

  await focusOn('remove');
  await page.keyboard.press('Enter');
  await expect(chat.answers).toHaveCount(0);
  await focusOn('undo');
  await page.keyboard.press('Enter');
  await expect(chat.answers).toHaveCount(1);
});
