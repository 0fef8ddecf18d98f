/** Finds a Chromium that can drive the journeys. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first of `names` on PATH. @param {readonly string[]} names */
export function onPath(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

/** Chromium as Playwright has downloaded it, if it has. */
function ofPlaywright() {
  // Loaded only here: it takes longer than everything else in this file.
  /** @type {typeof import('@playwright/test')} */
  const { chromium } = createRequire(import.meta.url)('@playwright/test');
  const path = chromium.executablePath();
  return path && existsSync(path) ? path : undefined;
}

/**
 * CHROMIUM_PATH, else one on PATH, else Playwright's own; undefined when there is none.
 * @returns {{ path: string, origin: 'CHROMIUM_PATH' | 'installed' | 'playwright' } | undefined}
 */
export function findChromium() {
  const asked = process.env.CHROMIUM_PATH;
  if (asked) {
    if (!isExecutable(asked)) throw new Error(`CHROMIUM_PATH is ${asked}, which is not an executable file`);
    return { path: asked, origin: 'CHROMIUM_PATH' };
  }
  const installed = onPath(...NAMES);
  if (installed) return { path: installed, origin: 'installed' };
  const downloaded = ofPlaywright();
  return downloaded ? { path: downloaded, origin: 'playwright' } : undefined;
}
