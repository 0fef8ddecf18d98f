/**
 * `npm run screenshot`: the pictures of the README, light and dark, of the built page after a sample question; and the
 * icons that the web manifest names, drawn from the favicon.
 */
import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';
import { freePort, launchChromium, serveSite } from './built-site';

/** A software adapter reads a hundred tokens a second. */
const PATIENCE_MS = 300_000;

async function screenshot(browser: Browser, url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(url);
  await page.waitForSelector('[data-testid="model-status"][data-value="ready"]');
  // The shortest that is not kept whole.
  await page.locator('.sample').nth(1).click();
  await page.getByTestId('sample-question').first().click();
  await page.waitForSelector('[data-testid="answer"][data-state="done"]');
  // The gauge counts a moment later.
  await page.waitForSelector('[data-testid="context-gauge"]:not([aria-valuenow="0"])');
  // The pointer and the focus rest on nothing.
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.screenshot({ path: `docs/screenshot-${colorScheme}.png`, animations: 'disabled' });
  await context.close();
}

/** `share` is how much of the icon's width the drawing takes; around it is more of its ground. */
async function icon(browser: Browser, file: string, size: number, share: number): Promise<void> {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const favicon = Buffer.from(readFileSync('public/favicon.svg')).toString('base64');
  const ground = share < 1 ? '#0b6e5f' : 'transparent';
  await page.setContent(
    `<body style="margin:0;display:grid;height:100vh;place-items:center;background:${ground}">
     <img style="width:${100 * share}%" src="data:image/svg+xml;base64,${favicon}">`,
  );
  await page.screenshot({ path: file, omitBackground: true });
  await page.close();
}

export async function main(): Promise<number> {
  const site = await serveSite(await freePort(), '/');
  const browser = await launchChromium();
  try {
    await icon(browser, 'public/icon-192.png', 192, 1);
    // Systems cut these to their own shape: what matters keeps to the middle.
    await icon(browser, 'public/icon-512.png', 512, 0.8);
    await icon(browser, 'public/apple-touch-icon.png', 180, 0.9);
    for (const colorScheme of ['light', 'dark'] as const) await screenshot(browser, site.url, colorScheme);
  } finally {
    await browser.close();
    await site.stop();
  }
  return 0;
}
