/** What a line of Markdown begins, by CommonMark's and GFM's rules, as far as finding the ends of blocks needs it. */

export const isBlank = (line: string): boolean => line.trim() === '';

/** Columns of white space before the text; a tab goes to the next multiple of four. */
export function indentOf(line: string): number {
  let columns = 0;
  for (const character of line) {
    if (character === ' ') columns += 1;
    else if (character === '\t') columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

/** The line without up to so many columns of its indentation. */
export const dedent = (line: string, columns: number): string =>
  line.slice(Math.min(columns, /^ */.exec(line)?.[0].length ?? 0));

export interface Fence {
  readonly indent: number;
  readonly language: string;
  readonly mark: string;
}

export function fenceOf(line: string): Fence | undefined {
  const found = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/.exec(line);
  if (found === null) return undefined;
  const [, indent = '', mark = '', info = ''] = found;
  return { indent: indent.length, mark, language: info.trim().split(/\s/, 1)[0] ?? '' };
}

export function closesFence(line: string, { mark }: Fence): boolean {
  const found = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
  return found !== undefined && found[0] === mark[0] && found.length >= mark.length;
}

export interface ListMarker {
  /** `-`, `*`, `+`, `.` or `)`: another one begins another list. */
  readonly type: string;
  /** Where the item's text begins; what is indented as far belongs to the item. */
  readonly content: number;
  /** Of an ordered list. */
  readonly number: number | undefined;
  readonly isEmpty: boolean;
}

export function listMarkerOf(line: string): ListMarker | undefined {
  const found = /^( *)([-*+]|(\d{1,9})([.)]))(?:( +)(.*))?$/.exec(line.replace(/\t/g, '    '));
  if (found === null || isRule(line)) return undefined;
  const [, indent = '', marker = '', digits, delimiter, space = ' ', text = ''] = found;
  // Five spaces and more are one, and an indented code block.
  const gap = space.length > 4 || text === '' ? 1 : space.length;
  return {
    type: delimiter ?? marker,
    content: indent.length + marker.length + gap,
    number: digits === undefined ? undefined : Number(digits),
    isEmpty: text === '',
  };
}

export const isRule = (line: string): boolean => /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/.test(line);
export const isHeading = (line: string): boolean => /^ {0,3}#{1,6}(?:[ \t]|$)/.test(line);
export const isQuote = (line: string): boolean => /^ {0,3}>/.test(line);
/** Under a paragraph: it makes a heading of it. */
export const isUnderline = (line: string): boolean => /^ {0,3}(?:=+|-+)[ \t]*$/.test(line);

export interface FormulaStart {
  readonly close: string;
  /** What follows the mark. */
  readonly rest: string;
}

/** Where a formula in lines of its own begins; one with words after it belongs to them. */
export function formulaStartOf(line: string): FormulaStart | undefined {
  const found = /^ {0,3}(\$\$|\\\[)(.*)$/.exec(line);
  if (found === null) return undefined;
  const [, mark, rest = ''] = found;
  const close = mark === '$$' ? '$$' : '\\]';
  const closing = rest.indexOf(close);
  const isAlone = closing === -1 || isBlank(rest.slice(closing + close.length));
  return isAlone ? { close, rest } : undefined;
}

const listInterrupts = (line: string): boolean => {
  const marker = indentOf(line) < 4 ? listMarkerOf(line) : undefined;
  return marker !== undefined && !marker.isEmpty && (marker.number === undefined || marker.number === 1);
};

/** Whether it ends a paragraph without a blank line between. */
export const interrupts = (line: string): boolean =>
  fenceOf(line) !== undefined ||
  isHeading(line) ||
  isQuote(line) ||
  isRule(line) ||
  listInterrupts(line) ||
  formulaStartOf(line) !== undefined;

/** Cells of a table's row: pipes divide them unless escaped, and those at both ends count for nothing. */
export const cellsOf = (line: string): number =>
  line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/).length;

export const isDelimiterRow = (line: string): boolean =>
  /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/.test(line);

export const beginsTable = (header: string, below: string | undefined): boolean =>
  below !== undefined &&
  header.includes('|') &&
  indentOf(header) < 4 &&
  isDelimiterRow(below) &&
  cellsOf(header) === cellsOf(below);
