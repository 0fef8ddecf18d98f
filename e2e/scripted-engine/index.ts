/**
 * Puts a scripted engine in the place of the real one, on its way to the page: the built site knows nothing of it, and a
 * software GPU disturbs no measurement.
 */
import { readdirSync, readFileSync } from 'node:fs';
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

/** The library's worker has the same name but for its hash. */
function builtEngine(): string {
  const assets = new URL('../../dist/assets/', import.meta.url);
  const isEngine = (name: string) =>
    /^worker-.*\.js$/.test(name) && readFileSync(new URL(name, assets), 'utf8').includes('requestAdapter');
  const found = readdirSync(assets).find(isEngine);
  if (found === undefined) throw new Error('the build has no engine');
  return found;
}

/** To be called before the page is opened. */
export async function scriptEngine(page: Page, script: Script): Promise<void> {
  bundled ??= bundle();
  const body = `globalThis.SCRIPT = ${JSON.stringify(script)};\n${await bundled}`;
  await page.route(`**/assets/${builtEngine()}`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body }),
  );
}

/** So many tokens as it counts them: four characters each. */
export const tokens = (count: number): string => 'word'.repeat(count);

/** So many units of its plans, as the page remembers a budget. */
export const unitBytes = (units: number): string => String(units * UNIT_BYTES);
