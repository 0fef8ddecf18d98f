import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { chatOn, longText, overflowing, test } from './page';

async function expectSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual(
    [],
  );
  expect(await overflowing(page)).toEqual([]);
}

test('the weights menu says what each form takes, loads the demo in it, and keeps the choice', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.status.click();
  const menu = page.getByTestId('weights-menu');
  await expect(menu.locator('option')).toHaveText([
    /^As stored \(16-bit\), 2\.49.MiB$/,
    /^8-bit, 1\.3\d.MiB$/,
    /^4-bit, .*$/,
    /^32-bit, 4\.98.MiB$/,
  ]);
  await expectSound(page);
  await menu.selectOption('q8');
  await page.getByTestId('load-demo').click();
  await expect(chat.status).toHaveAttribute('data-value', 'ready');
  await expect(page.getByTestId('weights-bytes')).toHaveAttribute('data-value', '1407488');
  await page.reload();
  await chat.status.click();
  await expect(menu).toHaveValue('q8');
  await chat.openReady('?dtype=q4');
  await chat.status.click();
  await expect(menu, 'the address goes first').toHaveValue('q4');
});

test('a budget too small for the coming prompt warns, one press makes it fit, and sending works all along', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.status.click();
  const budget = page.getByTestId('budget');
  await budget.fill('0.0186'); // 19 MiB
  await budget.press('Enter');
  await expect(page.getByTestId('budget-reset')).toContainText('Back to');
  await page.keyboard.press('Escape');

  const notice = page.getByTestId('next-turn');
  await chat.attachShort();
  await chat.composer.fill('Why?');
  await expect(notice).toHaveCount(0);
  await page.getByTestId('document-remove').click();
  await chat.attachFile('long.txt', longText(45));
  await expect(notice).toHaveAttribute('data-verdict', 'too-big');
  await expect(notice).toContainText(
    /Reading [\d,]+.tokens takes about 2\d\.\d.MiB of a budget of 19\.0.MiB/,
  );
  await expect(chat.send, 'it warns and does not block').toBeEnabled();
  await expectSound(page);
  await page.getByTestId('apply-next-turn').click();
  await expect(notice).toHaveCount(0);
  await expect(page.getByTestId('mode')).toHaveAttribute('data-value', 'lean');

  await page.reload();
  await chat.status.click();
  await expect(budget, 'kept for the next visit').toHaveValue('0.02');
  await page.getByTestId('budget-reset').click();
  await expect(page.getByTestId('budget-reset')).toHaveCount(0);
});
