import { expect, type Page } from '@playwright/test';
import { chatOn, savedBy, test, twoTurns } from './page';

interface Exported {
  readonly unit: string;
  readonly model: { readonly name: string };
  readonly x: { readonly values: readonly number[] };
  readonly series: readonly { readonly key: string; readonly values: readonly (number | null)[] }[];
  readonly turns: readonly { readonly settings: { readonly retain: number } }[];
}

const saved = (page: Page, testId: string) => savedBy(page, () => page.getByTestId(testId).click());

const savedJson = async (page: Page, testId: string) =>
  JSON.parse((await saved(page, testId)).toString()) as Exported;

const columnOf = ({ series }: Exported, key: string) => series.find((one) => one.key === key)?.values ?? [];

const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).check();

const picture = (page: Page) =>
  page
    .getByTestId('chart-picture')
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

test('charts go from turn to turn, are explored by keyboard, read as a table, and saved with the same figures', async ({
  page,
}) => {
  const drawing: string[] = [];
  page.on('request', (request) => /plot-.*\.js/.test(request.url()) && drawing.push(request.url()));
  const chat = await twoTurns(page);
  expect(drawing, 'nothing is fetched to draw what nobody has looked at').toEqual([]);
  await page.getByTestId('charts').scrollIntoViewIfNeeded();
  await expect(page.getByTestId('chart-picture').locator('canvas')).toBeVisible();
  expect(drawing).toHaveLength(1);

  const slider = page.getByTestId('chart-picture');
  await expect(slider).toHaveAttribute('aria-valuetext', /^Turn 2: Text to tokens/);
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(page.getByTestId('chart-legend')).toContainText('Turn 1, in all');
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('chart-legend')).toContainText('Turn 2, in all');

  await page.getByTestId('chart-as-table').focus();
  await page.keyboard.press('Enter');
  const lower = page.getByTestId('chart-table').getByRole('row', { name: /Layers up to T/ });
  await expect(lower).toHaveCount(2);
  const shown = await chat.figure('ttft-lower-ms');
  await expect(lower.last().locator('td').last()).toHaveAttribute('data-value', String(shown));

  const first = await savedJson(page, 'save-json-first-token');
  expect(first).toMatchObject({ unit: 'ms', model: { name: 'Demo model' }, x: { values: [1, 2] } });
  expect(columnOf(first, 'lowerMs')[1]).toBeCloseTo(shown, 1);
  expect(first.turns[1]?.settings.retain).toBe(0.1);

  await choose(page, 'Writing');
  const writing = await savedJson(page, 'save-json-writing');
  expect(columnOf(writing, 'decodeTokensPerSecond')[1]).toBeCloseTo(await chat.figure('decode-tps'), 1);
  const layers = await savedJson(page, 'save-json-kv-layers');
  const sum = columnOf(layers, 'bytes').reduce<number>((total, bytes) => total + (bytes ?? 0), 0);
  expect(sum).toBe(await chat.figure('kv-hot-bytes'));
});

test('memory over time ends with what the inspector shows, and its picture follows the theme and the weights', async ({
  page,
}) => {
  await page.emulateMedia({ colorScheme: 'light' });
  const chat = await twoTurns(page);
  await choose(page, 'Memory');
  await page.getByTestId('charts').scrollIntoViewIfNeeded();
  await expect(page.getByTestId('chart-picture').locator('canvas')).toBeVisible();

  const memory = await savedJson(page, 'save-json-memory');
  for (const [key, testId] of [
    ['hotBytes', 'kv-hot-bytes'],
    ['trunkBytes', 'kv-trunk-bytes'],
    ['weightsBytes', 'weights-bytes'],
    ['fullBytes', 'kv-full-bytes'],
  ] as const)
    expect(columnOf(memory, key).at(-1), key).toBe(await chat.figure(testId));
  expect(columnOf(memory, 'hotBytes').length).toBeGreaterThan(3);

  const light = await picture(page);
  await page.getByTestId('chart-weights').check();
  await expect(page.getByTestId('chart-legend')).toContainText('Weights');
  await expect.poll(() => picture(page)).not.toBe(light);
  await page.getByTestId('chart-weights').uncheck();
  await expect.poll(() => picture(page)).toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => picture(page)).not.toBe(light);

  const png = await saved(page, 'save-png-memory');
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 675]);
});

test('where the drawing code cannot be loaded the figures are told all the same', async ({ page }) => {
  await page.route(/plot-.*\.js/, (route) => route.abort());
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  await page.getByTestId('charts').scrollIntoViewIfNeeded();
  await expect(page.getByTestId('chart-undrawn')).toBeVisible();
  await page.getByTestId('chart-as-table').click();
  await expect(page.getByTestId('chart-table')).toContainText('Turn 1');
  await page.getByTestId('save-png-first-token').click();
  await expect(page.getByText('The picture could not be drawn')).toBeVisible();
});
