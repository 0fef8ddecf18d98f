/**
 * Figures as people read them: real units, three significant digits, a non-breaking space before the unit. An absent
 * figure is a dash, so that a panel can draw its labels before it has anything to say.
 */

const SPACE = '\u00a0';
export const ABSENT = '–';

type Figure = number | undefined;

function isAbsent(value: Figure): value is undefined {
  return value === undefined || !Number.isFinite(value);
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Three significant digits; whole numbers above a thousand keep their size and round: 1230, not 1.23e3. */
function threeDigits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  if (size === 0) return '0';
  if (size >= 100) return grouped.format(rounded);
  if (size < 0.01) return value > 0 ? '<0.01' : '>-0.01';
  // toPrecision keeps trailing zeros (1.20), which keeps the width steady while a figure moves.
  return rounded.toPrecision(3);
}

/** The first unit in which the rounded value stays under a thousand; the last one when none does. */
function inUnits(value: number, step: number, units: readonly string[]): string {
  let scaled = value;
  let index = 0;
  while (index < units.length - 1 && Math.abs(Number(scaled.toPrecision(3))) >= 1000) {
    scaled /= step;
    index += 1;
  }
  return `${threeDigits(scaled)}${SPACE}${units[index] ?? ''}`;
}

const digits = new Intl.NumberFormat('en-US', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });

/** A bare number, however small: what is compared by its digits. */
export function formatNumber(value: Figure): string {
  return isAbsent(value) ? ABSENT : digits.format(value);
}

export function formatBytes(bytes: Figure): string {
  if (isAbsent(bytes)) return ABSENT;
  // There is no such thing as 12.0 bytes.
  if (bytes < 1000) return `${grouped.format(bytes)}${SPACE}B`;
  return inUnits(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
}

export function formatDuration(milliseconds: Figure): string {
  if (isAbsent(milliseconds)) return ABSENT;
  // 59.96 s would be shown as a minute's worth of seconds.
  if (milliseconds >= 59_950) return inMinutes(Math.round(milliseconds / 1000));
  return inUnits(milliseconds, 1000, ['ms', 's']);
}

/** Whole seconds from a minute on: 2 min 5 s, 1 h 4 min. */
function inMinutes(seconds: number): string {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${SPACE}min ${seconds % 60}${SPACE}s`;
  return `${Math.floor(seconds / 3600)}${SPACE}h ${Math.floor((seconds % 3600) / 60)}${SPACE}min`;
}

/** Rounded to what a person waits by: 9 s, 2 min 5 s, 1 h 4 min. */
export function formatTimeLeft(seconds: Figure): string {
  if (isAbsent(seconds)) return ABSENT;
  const whole = Math.max(1, Math.ceil(seconds));
  return whole < 60 ? `${whole}${SPACE}s` : inMinutes(whole);
}

export function formatSpeed(tokensPerSecond: Figure): string {
  if (isAbsent(tokensPerSecond)) return ABSENT;
  // Four digits are read at a glance; more would not fit where a speed is the figure of a panel.
  if (tokensPerSecond < 9995) return `${threeDigits(tokensPerSecond)}${SPACE}tok/s`;
  return inUnits(tokensPerSecond, 1000, ['tok/s', `k${SPACE}tok/s`, `M${SPACE}tok/s`]);
}

export function formatCount(count: Figure): string {
  return isAbsent(count) ? ABSENT : grouped.format(count);
}

export function formatTokens(count: Figure): string {
  if (isAbsent(count)) return ABSENT;
  return `${grouped.format(count)}${SPACE}${count === 1 ? 'token' : 'tokens'}`;
}

/** 1.31 M, 8.03 B: how model sizes are spoken of. */
export function formatParameters(count: Figure): string {
  if (isAbsent(count)) return ABSENT;
  return count < 1000 ? grouped.format(count) : inUnits(count, 1000, ['', 'k', 'M', 'B', 'T']);
}

/** A share of one as whole percent. Only all is 100, and only nothing is 0. */
export function formatPercent(share: Figure): string {
  if (isAbsent(share)) return ABSENT;
  const percent = Math.round(share * 100);
  const honest = share > 0 && share < 1 ? Math.min(99, Math.max(1, percent)) : percent;
  return `${honest}${SPACE}%`;
}

/** Groups the thousands of numbers in a sentence that was written elsewhere. */
export function formatNumbersIn(sentence: string): string {
  return sentence.replace(/\b\d{4,}\b/g, (number) => grouped.format(Number(number)));
}
