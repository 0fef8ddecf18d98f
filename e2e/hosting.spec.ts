import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, type Response } from '@playwright/test';
import type { Contents } from '../tools/site/contents';
import { chatOn, test } from './page';

test.use({ model: 'demo' });

const MOST_BYTES = 700_000;

/** Packages for what only some visitors come to: each is fetched when it is needed. */
const WHEN_NEEDED = [
  '@huggingface/hub',
  'highlight.js',
  'katex',
  'lowlight',
  'pdfjs-dist',
  'rehype-highlight',
  'remark-math',
  'turndown',
  'uplot',
];
/** What the engine does without, and no build may hold. */
const NEVER = ['@huggingface/transformers', 'onnxruntime-common', 'onnxruntime-web'];

const contents = () => JSON.parse(readFileSync('.cache/contents.json', 'utf8')) as Contents;

test('what a first visit brings is known from the build: it is small, and holds nothing that can wait', () => {
  const { chunks, firstVisit } = contents();
  const bytes = firstVisit.map((file) => gzipSync(readFileSync(`dist/${file}`)).length);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  const first = firstVisit.flatMap((file) => chunks[file]?.packages ?? []);
  expect(first, 'the page was looked into').toContain('react-dom');
  expect(first, 'the engine was looked into').toContain('@huggingface/tokenizers');
  expect(first.filter((name) => WHEN_NEEDED.includes(name))).toEqual([]);
  const all = Object.values(chunks).flatMap(({ packages }) => packages);
  expect(all.filter((name) => NEVER.includes(name))).toEqual([]);
});

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

  const { firstVisit } = contents();
  const chunks = shell.map((response) => /assets\/.*\.(?:js|mjs|css)$/.exec(response.url())?.[0]);
  expect(chunks.filter((file) => file !== undefined && !firstVisit.includes(file))).toEqual([]);

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
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
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
