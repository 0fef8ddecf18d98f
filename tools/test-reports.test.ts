import { expect, test } from 'vitest';
import { countPlaywright, countVitest } from './test-reports.mjs';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((t) => ({ status: t })),
});
const vitest = (...testResults: object[]) => ({ testResults });
const playwright = (stats: object, ...errors: object[]) => ({
  stats: { expected: 0, unexpected: 0, flaky: 0, skipped: 0, ...stats },
  errors,
});

test('every test is counted once', () => {
  const report = vitest(
    file('passed', 'passed', 'passed', 'skipped', 'todo'),
    file('failed', 'passed', 'failed'),
  );
  expect(countVitest(report, false)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  expect(countPlaywright(playwright({ expected: 4, unexpected: 1, skipped: 2 }), false)).toEqual({
    passed: 4,
    failed: 1,
    skipped: 2,
  });
});

test('tests that were not finished have failed', () => {
  expect(countVitest(vitest(file('passed', 'passed', 'pending', 'pending')), false).failed).toBe(2);
});

test('a file that cannot be loaded has failed', () => {
  expect(countVitest(vitest(file('passed', 'passed'), file('failed')), false)).toMatchObject({
    passed: 1,
    failed: 1,
  });
});

test('a suite that ends without a report has failed, whatever it says', () => {
  for (const ok of [true, false]) {
    expect(countVitest(undefined, ok).failed).toBe(1);
    expect(countPlaywright(undefined, ok).failed).toBe(1);
  }
});

test('a bad end without a failed test is one failure, and so is a suite without tests', () => {
  expect(countVitest(vitest(file('passed', 'passed')), false)).toMatchObject({ passed: 1, failed: 1 });
  expect(countPlaywright(playwright({}), true).failed).toBe(1);
  expect(countPlaywright(playwright({}, { message: 'no server' }), false).failed).toBe(1);
});

test('a test that passed at the second try has failed', () => {
  expect(countPlaywright(playwright({ expected: 1, flaky: 1 }), true)).toMatchObject({
    passed: 1,
    failed: 1,
  });
});
