/**
 * `npm run bench:load [-- --megabytes 1000 --shards 1 --dtype f16]`: a random checkpoint in the built page, in Chromium, from this host by ranges:
 * what JavaScript holds while it loads, what the GPU holds at most beside the weights, and how fast it goes.
 */
import { rmSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { watchHeaps } from '../e2e/heaps';
import { badArgument, parseOptions, readChoice, readNumber, TEXT } from '../tools/arguments';
import { launchChromium, serveSite } from '../tools/built-site';
import { writeRandomCheckpoint } from '../tools/random-checkpoint';
import type { WeightForm } from '../src/protocol';
import { bytesText } from './table';

const USAGE = 'bench:load [--megabytes M (1000)] [--shards N (1)] [--dtype f32|f16|q8|q4 (f16)]';
const OPTIONS = {
  megabytes: { ...TEXT, default: '1000' },
  shards: { ...TEXT, default: '1' },
  dtype: { ...TEXT, default: 'f16' },
} as const;

const PORT = Number(process.env['FASTKV_PORT'] ?? 4178);
const SITE = '/some/sub/path/';
const MODEL = 'models/random/';
/** A software adapter compiles and warms up for minutes. */
const PATIENCE_MS = 20 * 60_000;

const reaches = (page: Page, state: string) =>
  page.waitForSelector(`[data-testid="model-status"][data-value="${state}"]`, { timeout: PATIENCE_MS });

async function figure(page: Page, testId: string): Promise<number> {
  return Number(await page.getByTestId(testId).getAttribute('data-value'));
}

/** Loads, and asks one short thing, after which the page shows what the GPU held. */
async function load(page: Page, dtype: WeightForm, bytes: number) {
  const heaps = await watchHeaps(page);
  const started = performance.now();
  await page.goto(`http://127.0.0.1:${PORT}${SITE}?model=${MODEL}&dtype=${dtype}`);
  // The step after the weights: until here bytes moved, from here shaders are compiled and warmed up.
  await page.getByText('compiling').first().waitFor({ timeout: PATIENCE_MS });
  const weightsMs = performance.now() - started;
  await reaches(page, 'ready');
  const { peakBytes: heapPeakBytes, samples } = await heaps.stop();
  await page.getByTestId('composer').fill('Why?');
  await page.getByTestId('composer').press('Enter');
  await page.waitForSelector('[data-testid="answer"][data-state="writing"]', { timeout: PATIENCE_MS });
  await page.keyboard.press('Escape');
  await page.waitForSelector('[data-testid="answer"][data-state="done"]', { timeout: PATIENCE_MS });
  const [weightsBytes, gpuPeakBytes] = [
    await figure(page, 'weights-bytes'),
    await figure(page, 'peak-bytes'),
  ];
  return {
    heapPeakBytes,
    samples,
    weightsMs,
    weightsBytes,
    gpuPeakBytes,
    bytesPerSecond: (1000 * bytes) / weightsMs,
  };
}

export async function main(argv: string[]): Promise<number> {
  const { megabytes, shards, dtype: form } = parseOptions(argv, OPTIONS, USAGE);
  const dtype = readChoice<WeightForm>('dtype', form, ['f32', 'f16', 'q8', 'q4'], USAGE);
  const asked = 1e6 * readNumber('megabytes', megabytes, USAGE, true);
  if (asked < 5e7) throw badArgument(`--megabytes is ${megabytes}; 50 or more are needed.`, USAGE);
  const count = Math.max(1, readNumber('shards', shards, USAGE, true));
  const folder = `dist/${MODEL}`;
  const bytes = await writeRandomCheckpoint(folder, asked, count);
  const site = await serveSite(PORT, SITE);
  const browser = await launchChromium();
  try {
    const measured = await load(await browser.newPage(), dtype, bytes);
    const { heapPeakBytes, weightsBytes, gpuPeakBytes, weightsMs, bytesPerSecond } = measured;
    console.log(
      `${bytesText(bytes)} in ${count === 1 ? '1 file' : `${count} files`}, held as ${dtype}, Chromium ${browser.version()}`,
    );
    console.log(`JavaScript at most     ${bytesText(heapPeakBytes)}, ${measured.samples} samples`);
    console.log(`weights on the GPU     ${bytesText(weightsBytes)}`);
    console.log(
      `all on the GPU at most ${bytesText(gpuPeakBytes)}, ${(gpuPeakBytes / weightsBytes).toFixed(3)} of the weights`,
    );
    console.log(`read and uploaded in   ${(weightsMs / 1000).toFixed(1)} s, ${bytesText(bytesPerSecond)}/s`);
    console.log(JSON.stringify({ bytes, shards: count, dtype, ...measured }));
  } finally {
    await browser.close();
    await site.stop();
    rmSync(folder, { recursive: true });
  }
  return 0;
}
