import { expect, test } from '@playwright/test';
import { chatOn, expectSound, sampleNamed } from './page';

const asked = sampleNamed('short').questions.filter(({ right }) => right);

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('a message with its actions, its versions and its words in a box has no serious violation', async ({
      page,
    }) => {
      const chat = chatOn(page);
      await chat.openReady();
      await chat.attachShort();
      await chat.ask(asked[0]?.question ?? '');
      await chat.finished(chat.answers.first());
      await page.getByTestId('regenerate').click();
      await expect(page.getByTestId('branch-place')).toBeVisible();
      await chat.finished(chat.answers.first());
      await expectSound(page, 'answered twice');
      await page.screenshot({ path: test.info().outputPath('versions.png') });
      await page.getByTestId('edit').click();
      await expectSound(page, 'a question in its box');
      await page.screenshot({ path: test.info().outputPath('editing.png') });
      await page.getByTestId('edit-cancel').click();
      await page.getByTestId('answer-actions').getByTestId('remove').click();
      await expectSound(page, 'an answer deleted');
      await page.screenshot({ path: test.info().outputPath('deleted.png') });
    });
  });
}
