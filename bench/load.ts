/**
 * `npm run bench:load [-- --megabytes 1000 --shards 1 --dtype f16 --from host]`: a random checkpoint in the built page, in Chromium, from this host by ranges or picked from the disk:
 * what JavaScript holds while it loads, what the GPU holds at most beside the weights, and how fast it goes.
 */
import { rmSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { choose, filesOn, withoutHandles } from '../e2e/files-page';
import { watchHeaps } from '../e2e/heaps';
import { badArgument, parseOptions, readChoice, readNumber, TEXT } from '../tools/arguments';
import { launchChromium, serveSite } from '../tools/built-site';
import { writeRandomCheckpoint } from '../tools/random-checkpoint';
import type { WeightForm } from '../src/protocol';
import { bytesText } from './table';

const USAGE =
  'bench:load [--megabytes M (1000)] [--shards N (1)] [--dtype f32|f16|q8|q4 (f16)] [--from host|disk (host)]';
const OPTIONS = {
  megabytes: { ...TEXT, default: '1000' },
  shards: { ...TEXT, default: '1' },
  dtype: { ...TEXT, default: 'f16' },
  from: { ...TEXT, default: 'host' },
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

const ORIGINS = ['host', 'disk'] as const;

/** Opens the page and begins to load. */
async function begin(page: Page, from: (typeof ORIGINS)[number], dtype: WeightForm, folder: string) {
  const heaps = await watchHeaps(page);
  const address = `http://127.0.0.1:${PORT}${SITE}?dtype=${dtype}`;
  if (from === 'disk') {
    await withoutHandles(page);
    await page.goto(address);
    await reaches(page, 'ready');
    await filesOn(page).openDialog();
    await choose(page, 'pick-folder', folder);
    await page.getByTestId('picked-load').waitFor();
  }
  const started = performance.now();
  if (from === 'disk') await filesOn(page).load();
  else await page.goto(`${address}&model=${MODEL}`);
  return { heaps, started };
}

/** Waits for what was begun, and asks one short thing, after which the page shows what the GPU held. */
async function load(page: Page, { heaps, started }: Awaited<ReturnType<typeof begin>>, bytes: number) {
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
  const { megabytes, shards, dtype: form, from: origin } = parseOptions(argv, OPTIONS, USAGE);
  const dtype = readChoice<WeightForm>('dtype', form, ['f32', 'f16', 'q8', 'q4'], USAGE);
  const from = readChoice('from', origin, ORIGINS, USAGE);
  const asked = 1e6 * readNumber('megabytes', megabytes, USAGE, true);
  if (asked < 5e7) throw badArgument(`--megabytes is ${megabytes}; 50 or more are needed.`, USAGE);
  const count = Math.max(1, readNumber('shards', shards, USAGE, true));
  const folder = `dist/${MODEL}`;
  const bytes = await writeRandomCheckpoint(folder, asked, count);
  const site = await serveSite(PORT, SITE);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const measured = await load(page, await begin(page, from, dtype, folder), bytes);
    const { heapPeakBytes, weightsBytes, gpuPeakBytes, weightsMs, bytesPerSecond } = measured;
    console.log(
      `${bytesText(bytes)} in ${count === 1 ? '1 file' : `${count} files`}, from the ${from}, held as ${dtype}, Chromium ${browser.version()}`,
    );
    console.log(`JavaScript at most     ${bytesText(heapPeakBytes)}, ${measured.samples} samples`);
    console.log(`weights on the GPU     ${bytesText(weightsBytes)}`);
    console.log(
      `all on the GPU at most ${bytesText(gpuPeakBytes)}, ${(gpuPeakBytes / weightsBytes).toFixed(3)} of the weights`,
    );
    console.log(`read and uploaded in   ${(weightsMs / 1000).toFixed(1)} s, ${bytesText(bytesPerSecond)}/s`);
    console.log(JSON.stringify({ bytes, shards: count, from, dtype, ...measured }));
  } finally {
    await browser.close();
    await site.stop();
    rmSync(folder, { recursive: true });
  }
  return 0;
}
