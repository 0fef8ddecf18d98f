/** Counts of tests, from the JSON that Vitest and Playwright write. */
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

export const NONE = Object.freeze({ passed: 0, failed: 0, skipped: 0 });

/** The report's content, or undefined when the suite ended before it wrote one. @param {string} file @returns {unknown} */
export function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * Tests that never ended (`pending`: their process died) have failed, and so has a file with an error outside of its
 * tests, such as one that could not be loaded.
 *
 * @param {unknown} report
 * @param {boolean} ok whether the process ended well
 * @returns {Counts}
 */
export function countVitest(report, ok) {
  if (!report) return afterAll(NONE, ok);
  const { testResults } = /** @type {import('vitest/reporters').JsonTestResults} */ (report);
  const counts = { ...NONE };
  for (const { status: ofFile, assertionResults } of testResults) {
    const before = counts.failed;
    for (const { status } of assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'skipped' || status === 'todo') counts.skipped++;
      else counts.failed++;
    }
    if (ofFile === 'failed' && counts.failed === before) counts.failed++;
  }
  return afterAll(counts, ok);
}

/**
 * @param {unknown} report
 * @param {boolean} ok whether the process ended well
 * @returns {Counts}
 */
export function countPlaywright(report, ok) {
  if (!report) return afterAll(NONE, ok);
  const { stats, errors } = /** @type {import('@playwright/test/reporter').JSONReport} */ (report);
  // A test that passed at the second try is no pass; errors are those outside of any test, such as a missing server.
  const failed = stats.unexpected + stats.flaky + errors.length;
  return afterAll({ passed: stats.expected, failed, skipped: stats.skipped }, ok);
}

/**
 * A crash or a leaked error counts once where no test has failed, and no suite passes with nothing to show.
 * @param {Counts} counts @param {boolean} ok
 */
function afterAll(counts, ok) {
  const unexplained = counts.failed === 0 && (!ok || counts.passed === 0);
  return unexplained ? { ...counts, failed: 1 } : counts;
}
