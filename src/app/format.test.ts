import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatNumbersIn,
  formatParameters,
  formatPercent,
  formatSpeed,
  formatTimeLeft,
  formatTokens,
} from './format';

/** Figures break no line before their unit; the tests are easier to read with plain spaces. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it('show three significant digits, whatever the size', () => {
    expect(plain(formatDuration(1.234))).toBe('1.23 ms');
    expect(plain(formatDuration(12.34))).toBe('12.3 ms');
    expect(plain(formatDuration(123.4))).toBe('123 ms');
    expect(plain(formatDuration(0.1234))).toBe('0.123 ms');
    expect(plain(formatSpeed(43.07))).toBe('43.1 tok/s');
    expect(plain(formatSpeed(1234.5))).toBe('1,230 tok/s');
    expect(plain(formatSpeed(9996))).toBe('10.0 k tok/s');
    expect(plain(formatSpeed(1_000_000))).toBe('1.00 M tok/s');
  });

  it('keep trailing zeros, so that a moving figure keeps its width', () => {
    expect(plain(formatSpeed(43))).toBe('43.0 tok/s');
    expect(plain(formatDuration(1200))).toBe('1.20 s');
  });

  it('take the next unit when rounding would need a fourth digit', () => {
    expect(plain(formatDuration(999.4))).toBe('999 ms');
    expect(plain(formatDuration(999.6))).toBe('1.00 s');
    expect(plain(formatBytes(999.6 * 1024))).toBe('0.976 MiB');
  });

  it('are a dash while there is nothing to say', () => {
    expect(formatDuration(undefined)).toBe('–');
    expect(formatSpeed(Number.NaN)).toBe('–');
    expect(formatTimeLeft(Number.POSITIVE_INFINITY)).toBe('–');
    expect(formatBytes(undefined)).toBe('–');
    expect(formatPercent(0 / 0)).toBe('–');
  });
});

it('counts bytes in binary units and never in parts of a byte', () => {
  expect(plain(formatBytes(0))).toBe('0 B');
  expect(plain(formatBytes(512))).toBe('512 B');
  expect(plain(formatBytes(1536))).toBe('1.50 KiB');
  expect(plain(formatBytes(2_614_864))).toBe('2.49 MiB');
  expect(plain(formatBytes(3.5 * 2 ** 30))).toBe('3.50 GiB');
});

it('says how long is left in the units people wait by', () => {
  expect(plain(formatTimeLeft(0.2))).toBe('1 s');
  expect(plain(formatTimeLeft(8.6))).toBe('9 s');
  expect(plain(formatTimeLeft(125))).toBe('2 min 5 s');
  expect(plain(formatTimeLeft(3_870))).toBe('1 h 4 min');
});

it('counts one token in the singular and thousands in groups', () => {
  expect(plain(formatTokens(1))).toBe('1 token');
  expect(plain(formatTokens(16_384))).toBe('16,384 tokens');
  expect(formatCount(1090)).toBe('1,090');
});

it('speaks of model sizes as their makers do', () => {
  expect(plain(formatParameters(1_307_000))).toBe('1.31 M');
  expect(plain(formatParameters(8_030_000_000))).toBe('8.03 B');
});

it('says 100 % only of the whole and 0 % only of nothing', () => {
  expect(plain(formatPercent(0.999))).toBe('99 %');
  expect(plain(formatPercent(1))).toBe('100 %');
  expect(plain(formatPercent(0.001))).toBe('1 %');
  expect(plain(formatPercent(0))).toBe('0 %');
});

it('compares small numbers by their digits', () => {
  expect(formatNumber(0.0012345)).toBe('0.00123');
  expect(formatNumber(12.3456)).toBe('12.3');
  expect(formatNumber(undefined)).toBe('–');
});

it('gives durations from a minute on in minutes, as the time left is given', () => {
  expect(plain(formatDuration(59_900))).toBe('59.9 s');
  expect(plain(formatDuration(59_960))).toBe('1 min 0 s');
  expect(plain(formatDuration(165_400))).toBe('2 min 45 s');
  expect(plain(formatDuration(3_870_000))).toBe('1 h 4 min');
});

it('groups the thousands of a sentence that the engine wrote', () => {
  expect(formatNumbersIn('It takes 18578 tokens of 16383, not 999.')).toBe(
    'It takes 18,578 tokens of 16,383, not 999.',
  );
});
