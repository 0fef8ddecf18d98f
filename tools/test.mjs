/**
 * `npm test`: every suite, one after another, and one line over all of them at the end.
 *
 *   npm test                       all
 *   npm test -- --only unit,gpu    some
 *
 * A suite that fails does not stop the next ones. In CI a skipped test is a failure as well.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './find-chromium.mjs';
import { NONE, countPlaywright, countVitest, readReport } from './test-reports.mjs';

/** @typedef {import('./test-reports.mjs').Counts} Counts */

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'fastkv-test-'));
// A suite that hangs must not eat the time of the others. The journeys have taken 37 minutes on a slow day of two cores.
const LIMIT_MS = 60 * 60_000;
// Some colour their output in CI even where it goes to a file.
const PLAIN = process.stdout.isTTY ? {} : { NO_COLOR: '1' };

/**
 * Runs a package's own file, so that nothing is looked up elsewhere.
 * @param {readonly string[]} args @param {NodeJS.ProcessEnv} [env]
 */
function run(args, env = {}) {
  const { status, signal } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
    timeout: LIMIT_MS,
  });
  if (signal) process.stdout.write(`ended by ${signal}\n`);
  return status === 0;
}

/** A tool that passes or fails as a whole. @param {...string} args @returns {() => Counts} */
const tool =
  (...args) =>
  () =>
    run(args, PLAIN) ? { ...NONE, passed: 1 } : { ...NONE, failed: 1 };

/** @param {string} project @returns {() => Counts} */
const vitest = (project) => () => {
  const file = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const ok = run(['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters], PLAIN);
  return countVitest(readReport(file), ok);
};

function journeys() {
  const file = join(reports, 'journeys.json');
  const ok = run(['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
  });
  return countPlaywright(readReport(file), ok);
}

/** @type {ReadonlyMap<string, () => Counts>} */
const SUITES = new Map([
  ['types', tool('node_modules/typescript/bin/tsc', '--noEmit')],
  ['lint', tool('node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.')],
  ['format', tool('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')],
  ['unit', vitest('unit')],
  ['gpu', vitest('gpu')],
  ['build', tool('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn')],
  ['journeys', journeys],
]);

/** The names after --only, or all. @param {readonly string[]} argv */
function chosen(argv) {
  if (argv.length === 0) return [...SUITES.keys()];
  const names = argv[0] === '--only' && argv.length === 2 ? (argv[1]?.split(',') ?? []) : [];
  if (names.length > 0 && names.every((name) => SUITES.has(name))) return names;
  process.stderr.write(`usage: npm test -- [--only ${[...SUITES.keys()].join(',')}]\n`);
  process.exit(2);
}

/** Sees that the suites have what they run on, and says what that is. @param {readonly string[]} names */
function announce(names) {
  if (names.includes('journeys') || names.includes('gpu')) run(['tools/system.mjs']);
  if (names.includes('journeys')) process.stdout.write(`browser: ${findChromium()?.path ?? 'none found'}\n`);
  if (names.includes('gpu')) {
    process.stdout.write('adapter: ');
    run(['tools/run.mjs', 'tools/node-gpu.ts']);
  }
}

/** The suite's counts, with a line about them. @param {string} name @param {() => Counts} suite */
function timed(name, suite) {
  process.stdout.write(`\n== ${name}\n`);
  const start = performance.now();
  const counts = suite();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const line = `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped (${seconds} s)`;
  process.stdout.write(`${line}\n`);
  return { counts, line };
}

/** Journeys on the site of an earlier build would prove nothing. */
function notBuilt() {
  process.stdout.write('not run, for the build failed\n');
  return { ...NONE, failed: 1 };
}

const names = chosen(process.argv.slice(2));
announce(names);
const total = { ...NONE };
/** @type {string[]} */
const lines = [];
let built = true;
for (const name of names) {
  const suite = SUITES.get(name);
  if (!suite) continue;
  const { counts, line } = timed(name, name === 'journeys' && !built ? notBuilt : suite);
  if (name === 'build') built = counts.failed === 0;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  lines.push(line);
}
rmSync(reports, { recursive: true });

process.stdout.write(`\n${lines.join('\n')}\n`);
const skippedFail = Boolean(process.env.CI) && total.skipped > 0;
if (skippedFail) process.stdout.write('in CI a skipped test is a failure\n');
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed > 0 || skippedFail ? 1 : 0;
