/**
 * Puts a scripted engine in the place of the real one, on its way to the page: the built site knows nothing of it, and a
 * software GPU disturbs no measurement.
 */
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import { UNIT_BYTES, type Script } from './script';

let bundled: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL('worker.ts', import.meta.url));
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'worker' } },
  });
  const built = Array.isArray(result) ? result[0] : result;
  if (built === undefined || !('output' in built)) throw new Error('the scripted engine was not built');
  return built.output[0].code;
}

/** To be called before the page is opened. */
export async function scriptEngine(page: Page, script: Script): Promise<void> {
  bundled ??= bundle();
  const body = `globalThis.SCRIPT = ${JSON.stringify(script)};\n${await bundled}`;
  await page.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    // The library's worker has the same name, and stays.
    const isEngine = (await response.text()).includes('requestAdapter');
    await route.fulfill(isEngine ? { contentType: 'text/javascript', body } : { response });
  });
}

/** So many tokens as it counts them: four characters each. */
export const tokens = (count: number): string => 'word'.repeat(count);

/** So many units of its plans, as the page remembers a budget. */
export const unitBytes = (units: number): string => String(units * UNIT_BYTES);
