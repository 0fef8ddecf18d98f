import { expect, type Locator, type Page } from '@playwright/test';
import { chatOn, modelJson, sampleNamed, samples, scrollToEdge, test, watchFigureWhileReading } from './page';

const LAYERS = Number(modelJson('config.json')['num_hidden_layers']);
const PARTS = ['ttft-tokenise-ms', 'ttft-lower-ms', 'ttft-select-ms', 'ttft-upper-ms', 'ttft-first-ms'];
const questionsOf = (name: string) =>
  sampleNamed(name)
    .questions.filter(({ right, right_fastkv }) => right && right_fastkv)
    .map(({ question }) => question);

const strip = (page: Page) => page.getByTestId('kept-strip');
const numberOn = async (element: Locator, attribute: string) =>
  Number((await element.getAttribute(attribute)) || Number.NaN);

/** The first figure below an answer: how long its first token took. */
const waitOf = (page: Page, answer: number) =>
  numberOn(page.getByTestId('answer-figures').nth(answer).locator('dd').first(), 'data-value');

async function askAndFinish(page: Page, question: string, answer: number): Promise<void> {
  const chat = chatOn(page);
  await chat.ask(question);
  await chat.finished(chat.answers.nth(answer));
}

async function setSlider(page: Page, testId: string, value: number): Promise<void> {
  await page.getByTestId(testId).fill(String(value));
}

test('a visitor reads a long document, stops, asks again and follows up, and sees what was kept', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  const [first = '', second = ''] = questionsOf('long');
  await chat.attach('long');
  await chat.ask(first);
  await expect(page.getByTestId('reading-progress')).toContainText(/Reading\s+\d+\s%/);
  await chat.stop.click();
  await chat.finished(chat.answers.first());
  await expect(page.getByTestId('stopped')).toBeVisible();
  await expect(strip(page)).toHaveCount(0);
  for (const name of ['kv-hot-bytes', 'prefill-tps', 'propagated-tokens'])
    await expect(page.getByTestId(name), name).toHaveText('–');
  await expect(page.getByTestId('tsp-layer')).toHaveText(/^\d+, as set$/);

  await askAndFinish(page, first, 1);
  await expect(strip(page)).toBeVisible();
  await expect(page.getByTestId('budget-note')).toContainText('of the last prompt');
  const prompt = await chat.figure('prompt-tokens');
  const propagated = await chat.figure('propagated-tokens');
  expect(propagated / prompt).toBeGreaterThan(0.15);
  expect(propagated / prompt).toBeLessThan(0.3);
  expect(await chat.figure('tsp-layer')).toBeLessThan(LAYERS - 1);
  expect(await numberOn(strip(page), 'data-prompt-tokens')).toBe(prompt);
  expect(await numberOn(strip(page), 'data-propagated')).toBe(propagated);
  expect(await numberOn(strip(page), 'data-kept')).toBeLessThan(prompt / 2);

  const [hot, full] = [await chat.figure('kv-hot-bytes'), await chat.figure('kv-full-bytes')];
  expect(hot / full).toBeLessThan(0.25);
  for (const name of ['kv-trunk-bytes', 'kv-scratch-peak-bytes', 'weights-bytes'])
    expect(await chat.figure(name), name).toBeGreaterThan(0);
  const bars = page.getByTestId('kv-layer').locator('[data-value]');
  await expect(bars).toHaveCount(LAYERS);
  const layers = await bars.evaluateAll((cells) => cells.map((cell) => Number(cell.dataset['value'])));
  expect(layers.reduce((sum, bytes) => sum + bytes)).toBe(hot);
  expect(await chat.figure('coverage')).toBeNaN();

  const parts = await Promise.all(PARTS.map((name) => chat.figure(name)));
  for (const [index, ms] of parts.entries()) expect(ms, PARTS[index]).toBeGreaterThan(0);
  expect(parts.reduce((sum, ms) => sum + ms)).toBeCloseTo(await chat.figure('ttft-ms'), 0);

  await askAndFinish(page, second, 2);
  await expect(strip(page)).not.toHaveAttribute('data-prompt-tokens', String(prompt));
  expect(await chat.figure('reused-tokens')).toBeGreaterThanOrEqual(prompt - 1);
  expect(await waitOf(page, 1), 'a follow-up reads only what is new').toBeLessThan(await waitOf(page, 0));
  expect(await chat.figure('coverage')).toBeGreaterThan(0);
  expect(await chat.figure('coverage')).toBeLessThanOrEqual(1);
});

test('the strip says by pointer and by keyboard which tokens stand where, in their own words', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach('medium');
  await askAndFinish(page, questionsOf('medium')[0] ?? '', 0);
  await expect(strip(page), 'without scrolling').toBeInViewport({ ratio: 1 });
  const box = await strip(page).boundingBox();
  if (box === null) throw new Error('the strip is not drawn');
  const height = () => page.getByTestId('strip-readout').evaluate((element) => element.clientHeight);
  const before = await height();

  await page.mouse.move(box.x + box.width / 2, box.y + box.height - 3);
  await expect(page.getByTestId('strip-readout')).toContainText(`Layer ${LAYERS - 1}`);
  await expect(page.getByTestId('strip-readout')).toContainText(/KV head/);
  // Tokens may carry a blank at their beginning; the words are the document's.
  const said = page.getByTestId('strip-text').locator('mark');
  await expect(said).not.toBeEmpty();
  expect(sampleNamed('medium').text).toContain((await said.textContent())?.trim() ?? 'nothing said');
  expect(await height(), 'nothing moves under the pointer').toBe(before);

  await strip(page).focus();
  await page.keyboard.press('Home');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', /token 0|tokens 0–/);
  await page.keyboard.press('ArrowUp');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', new RegExp(`^Layer ${LAYERS - 2}`));
  await page.keyboard.press('End');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', /kept/);
  for (let row = 0; row < LAYERS; row++) await page.keyboard.press('ArrowUp');
  await expect(strip(page)).toHaveAttribute('aria-valuetext', /^Past layer \d+, tokens? .* went on$/);
});

test('settings hold from the next message, without the model being loaded again', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach('medium');
  const weights: string[] = [];
  page.on('request', (request) => request.url().endsWith('.safetensors') && weights.push(request.url()));
  const [first = '', second = ''] = questionsOf('medium');
  await chat.ask(first);
  await expect(page.getByTestId('reading-progress')).toBeVisible();
  await setSlider(page, 'setting-retain', 0.4);
  await setSlider(page, 'setting-tspRate', 0.8);
  await setSlider(page, 'setting-tspLayer', 1);
  await expect(page.getByTestId('settings-hold')).toContainText('keeps the settings it started with');
  await chat.finished(chat.answers.first());
  const share = async () => (await chat.figure('kv-hot-bytes')) / (await chat.figure('kv-full-bytes'));
  const own = await chat.figure('tsp-layer');
  expect(own).not.toBe(1);
  expect(await share()).toBeLessThan(0.3);

  await askAndFinish(page, second, 1);
  expect(await chat.figure('tsp-layer')).toBe(1);
  expect(await share()).toBeGreaterThan(0.35);
  expect((await chat.figure('propagated-tokens')) / (await chat.figure('prompt-tokens'))).toBeGreaterThan(
    0.75,
  );
  expect(weights).toEqual([]);

  await page.getByTestId('reset-settings').click();
  await expect(page.getByTestId('setting-tspLayer')).toHaveValue(String(own));
  await expect(page.getByTestId('setting-retain')).toHaveValue('0.1');
  await expect(page.getByTestId('reset-settings')).toBeDisabled();
  await expect(page.getByTestId('reset-settings'), 'it keeps the focus').toBeFocused();
});

test('lean mode keeps no trunk and reads again; full mode keeps everything; both say so', async ({
  page,
}) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach('medium');
  const [first = '', second = '', third = ''] = questionsOf('medium');
  await page.getByTestId('mode-lean').check();
  await expect(page.getByTestId('mode')).toHaveAttribute('data-value', 'lean');
  await askAndFinish(page, first, 0);
  expect(await chat.figure('kv-trunk-bytes')).toBe(0);
  await askAndFinish(page, second, 1);
  expect(await chat.figure('reused-tokens')).toBe(0);
  await expect(page.getByText('a follow-up reads the chat again')).toBeVisible();

  await page.getByTestId('mode-full').check();
  await expect(page.getByTestId('setting-retain')).toBeDisabled();
  await askAndFinish(page, third, 2);
  expect(await chat.figure('kv-hot-bytes')).toBe(await chat.figure('kv-full-bytes'));
  expect(await chat.figure('kv-trunk-bytes')).toBe(0);
  await expect(page.getByText('the cache itself is the trunk')).toBeVisible();
  await expect(page.getByTestId('everything-kept')).toContainText('full mode');
  const prompt = await chat.figure('prompt-tokens');
  expect(await numberOn(strip(page), 'data-kept')).toBe(prompt);
  expect(await chat.figure('propagated-tokens')).toBe(prompt);

  await page.getByTestId('use-for-new-chats').click();
  await page.getByTestId('new-chat').click();
  await expect(page.getByTestId('mode')).toHaveAttribute('data-value', 'full');
  await page.reload();
  await expect(page.getByTestId('mode')).toHaveAttribute('data-value', 'full');
});

test('a short prompt is kept whole, and the panel says why', async ({ page }) => {
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attach('short');
  const hot = await watchFigureWhileReading(page, 'kv-hot-bytes');
  await askAndFinish(page, questionsOf('short')[0] ?? '', 0);
  await expect(page.getByTestId('everything-kept')).toContainText('kept whole');
  expect((await hot()).length).toBeGreaterThan(0);
  expect(await chat.figure('kv-hot-bytes')).toBe(await chat.figure('kv-full-bytes'));
  await expect(page.getByTestId('tsp-layer')).toHaveText('none');
});

test('calibrating compares the TSP layers, can be stopped, and its choice is remembered', async ({
  page,
}) => {
  // One document of middling length, so that the journey is short.
  const medium = samples.filter(({ name }) => name === 'medium');
  await page.route('**/models/demo/samples.json', (route) => route.fulfill({ json: medium }));
  const chat = chatOn(page);
  await chat.openReady();
  await setSlider(page, 'setting-tspRate', 1);
  await expect(page.getByTestId('calibrate')).toBeDisabled();
  await expect(page.getByTestId('calibrate-obstacle')).toContainText('Lower the TSP rate');
  await page.getByTestId('reset-settings').click();
  await page.evaluate(() => localStorage.removeItem('fastkv.kv'));

  await page.getByTestId('calibrate').click();
  await expect(page.getByTestId('calibration-progress')).toBeInViewport();
  await expect(chat.status).toHaveAttribute('data-value', 'calibrating');
  await chat.composer.fill('typed meanwhile');
  await expect(chat.send).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('calibrate')).toBeEnabled();
  const stored = () => page.evaluate(() => localStorage.getItem('fastkv.kv'));
  expect(await stored(), 'stopped early it changes nothing').toBeNull();

  await setSlider(page, 'setting-tspLayer', 0);
  await scrollToEdge(page.getByTestId('calibrate'));
  await page.getByTestId('calibrate').click();
  const table = page.getByTestId('calibration-table');
  await expect(table).toContainText('suggested, in use');
  const suggested = (await table.getAttribute('data-suggested')) ?? '';
  expect(Number(suggested)).toBeLessThanOrEqual(LAYERS / 2);
  const rows = await page.getByTestId('calibration-row').count();
  expect(rows).toBeGreaterThanOrEqual(LAYERS / 2);
  await expect(page.getByTestId('calibration-outcome')).toBeInViewport();
  await expect(page.getByTestId('setting-tspLayer')).toHaveValue(suggested);
  expect(suggested).not.toBe('0');
  expect(JSON.parse((await stored()) ?? '{}')).toMatchObject({
    tspLayers: { 'Demo model': Number(suggested) },
  });

  await expect(chat.send).toBeEnabled();
  await page.reload();
  await expect(page.getByTestId('setting-tspLayer')).toHaveValue(suggested);
});
