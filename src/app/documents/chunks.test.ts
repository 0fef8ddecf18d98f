import { expect, it } from 'vitest';
import { chunksOf } from './chunks';

const parts = (text: string, pages?: readonly number[]) =>
  chunksOf(text, pages).map(({ from, to }) => text.slice(from, to));

it('cuts at line ends, and loses nothing', () => {
  const text = 'a line of text\n'.repeat(5000);
  const cut = parts(text);
  expect(cut.length).toBeGreaterThan(5);
  expect(cut.join('')).toBe(text);
  expect(cut.every((part) => part.endsWith('\n') && part.length <= 8192)).toBe(true);
});

it('cuts a line without an end, but never a character', () => {
  const text = `a${'😀'.repeat(10_000)}`;
  const cut = parts(text);
  expect(cut.join('')).toBe(text);
  expect(cut.some((part) => /^[\udc00-\udfff]|[\ud800-\udbff]$/.test(part))).toBe(false);
});

it('begins a stretch with every page, and says which', () => {
  const text = `[Page 1]\n${'x\n'.repeat(6000)}[Page 2]\nend`;
  const second = text.indexOf('[Page 2]');
  const chunks = chunksOf(text, [0, second]);
  expect(parts(text, [0, second]).join('')).toBe(text);
  expect(chunks.filter(({ page }) => page !== undefined)).toEqual([
    expect.objectContaining({ from: 0, page: 1 }),
    { from: second, to: text.length, page: 2 },
  ]);
});

it('makes one stretch of a short text', () => {
  expect(chunksOf('short')).toEqual([{ from: 0, to: 5, page: undefined }]);
});
