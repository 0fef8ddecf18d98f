import { gzipSync } from 'node:zlib';
import { expect, test, type Response } from '@playwright/test';
import { chatOn } from './page';

const MOST_BYTES = 700_000;
/** A model folder may hold it, and only asking tells; the demo's template stands in tokenizer_config.json. */
const OPTIONAL = /\/chat_template\.jinja$/;

test('a first visit is small, brings no WebAssembly, and asks no other host', async ({ page, baseURL }) => {
  const responses: Response[] = [];
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('response', (response) => responses.push(response));
  await chatOn(page).openReady();

  // Whatever the server does, count what gzip makes of it: any static host compresses at least that well.
  const shell = responses.filter((response) => !new URL(response.url()).pathname.includes('/models/'));
  const sizes = await Promise.all(shell.map(async (response) => gzipSync(await response.body()).length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(
    shell.some((response) => response.url().includes('worker')),
    'the engine was counted',
  ).toBe(true);
  expect(total).toBeLessThan(MOST_BYTES);

  const remote = asked.filter(
    (url) => /^https?:/.test(url) && new URL(url).origin !== new URL(baseURL ?? '').origin,
  );
  expect(remote).toEqual([]);
  expect(asked.filter((url) => new URL(url).pathname.endsWith('.wasm'))).toEqual([]);
});

test('everything is asked for below the page itself, and nothing fails or complains', async ({
  page,
  baseURL,
}) => {
  const stray: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(baseURL ?? '')) stray.push(request.url());
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && !OPTIONAL.test(response.url()))
      complaints.push(`${response.status()} ${response.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const chat = chatOn(page);
  await chat.openReady();
  await chat.attachShort();
  await page.getByTestId('sample-question').first().click();
  await chat.finished(chat.answers.first());
  expect(stray).toEqual([]);
  expect(complaints).toEqual([]);
});
