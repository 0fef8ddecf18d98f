import { expect, it } from 'vitest';
import { pageText, type TextPiece } from './pdf-text';

/** A line of letters 10 high and 5 wide, as pdf.js gives it. */
const line = (str: string, y: number, { x = 0, size = 10 } = {}): TextPiece => ({
  str,
  transform: [size, 0, 0, size, x, y],
  width: (str.length * size) / 2,
  hasEOL: true,
});

it('joins the lines of a paragraph, and parts paragraphs by the space between them', () => {
  const pieces = [
    line('The lease begins on the first', 100),
    line('of May and ends a year later.', 88),
    line('The rent is due on the third', 64),
    line('of each month.', 52),
  ];
  expect(pageText(pieces)).toBe(
    'The lease begins on the first of May and ends a year later.\n\nThe rent is due on the third of each month.',
  );
});

it('makes a divided word whole, and leaves a hyphen between other characters', () => {
  expect(pageText([line('an agree-', 20), line('ment of', 8)])).toBe('an agreement of');
  expect(pageText([line('paper 2025-', 20), line('11 of X-', 8), line('Ray', -4)])).toContain('2025- 11');
  expect(pageText([line('an agree\u00ad', 20), line('Ment of', 8)])).toBe('an agreeMent of');
});

it('keeps the line ends of lists, tables and verses, which fill no line', () => {
  const pieces = [
    line('Rooms: kitchen, bath and two more, all of them', 40),
    line('1 kitchen', 28),
    line('2 bath', 16),
  ];
  expect(pageText(pieces)).toBe('Rooms: kitchen, bath and two more, all of them 1 kitchen\n2 bath');
});

it('parts a heading from what follows, and a paragraph that begins with an indent', () => {
  expect(pageText([line('Scope', 40, { size: 16 }), line('This paper', 24)])).toBe('Scope\n\nThis paper');
  const indented = [line('The end of the first of all.', 40), line('Then the second comes', 28, { x: 12 })];
  expect(pageText(indented)).toBe('The end of the first of all.\n\nThen the second comes');
});

it('lets a sentence run on into the next column', () => {
  const next = { x: 200 };
  expect(pageText([line('the sentence goes', 10), line('on over there', 100, next)])).toBe(
    'the sentence goes on over there',
  );
  expect(pageText([line('A caption', 10), line('Another one', 100, next)])).toBe('A caption\n\nAnother one');
  expect(pageText([line('It has ended.', 10), line('another one', 100, { x: 1 })])).toBe(
    'It has ended.\n\nanother one',
  );
});

it('puts no space into Chinese or Japanese', () => {
  expect(pageText([line('本書は長い', 20), line('文書です', 8)])).toBe('本書は長い文書です');
});

it('joins the pieces of a line as they are, and gives nothing for a page of blanks', () => {
  const piece = (str: string, x: number): TextPiece => ({ ...line(str, 10, { x }), hasEOL: false });
  expect(pageText([piece('Fast', 0), piece('KV', 20), piece(' ', 30), piece('\0reads', 35)])).toBe(
    'FastKV reads',
  );
  expect(pageText([line(' ', 10), line('', 0)])).toBe('');
});
