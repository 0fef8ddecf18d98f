import { defineConfig } from '@playwright/test';
import { findChromium } from './tools/find-chromium.mjs';

const port = Number(process.env.FASTKV_PORT ?? 4178);
// As on a project page of a static host: everything must work below a path.
const subPath = '/some/sub/path/';
const baseURL = `http://127.0.0.1:${port}${subPath}`;

// Chromium offers WebGPU without a GPU only when it is asked for SwiftShader by name, and root may not have a sandbox.
const software = ['--no-sandbox', '--use-webgpu-adapter=swiftshader'];
const args = ['--enable-unsafe-webgpu', ...(process.env.FASTKV_REAL_GPU === '1' ? [] : software)];
const executablePath = findChromium()?.path;

/** Specs about size and touch run on the phone; those about looks on both. */
const PHONE = /phone[^/]*\.spec\.ts$/;
const LOOK = /look[^/]*\.spec\.ts$/;
/** What is measured must not share the processors: after all others, one at a time. Alone: --project=quiet --no-deps. */
const MEASURED = /smooth\.spec\.ts$/;

export default defineConfig({
  testDir: 'e2e',
  // The longest, a look at eight screens with axe, takes 40 s alone; on two cores that others use too it took three times that,
  // and machines differ by more than two.
  timeout: 480_000,
  // Where a model becomes ready or an answer is finished, a software adapter compiles and reads for seconds, and on a busy
  // machine for many: that says nothing of the page.
  expect: { timeout: 90_000 },
  // A page waits for its shaders on one core at a time, and then for timers: two at once kept two cores busy two thirds of
  // the time (docs/LOG.md).
  workers: 3,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  outputDir: 'test-results',
  use: {
    baseURL,
    // A page served by one could not be given spoilt files; the journeys about it allow it.
    serviceWorkers: 'block',
    screenshot: 'only-on-failure',
    launchOptions: { args, ...(executablePath === undefined ? {} : { executablePath }) },
  },
  projects: [
    { name: 'desktop', testIgnore: [PHONE, MEASURED], use: { viewport: { width: 1280, height: 800 } } },
    {
      name: 'phone',
      testMatch: [PHONE, LOOK],
      use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    },
    {
      name: 'quiet',
      testMatch: MEASURED,
      dependencies: ['desktop', 'phone'],
      workers: 1,
      use: { viewport: { width: 1280, height: 800 } },
    },
  ],
  webServer: { command: `node tools/serve.mjs ${port} ${subPath}`, url: baseURL, reuseExistingServer: false },
});
