import { expect, it } from 'vitest';
import { decodeText } from './decode-text';

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);

it('reads UTF-8 with a mark or without, and the line ends of every system', () => {
  expect(decodeText(utf8('é\r\nb\rc\n'))).toEqual({ text: 'é\nb\nc\n' });
  expect(decodeText(utf8('\ufeffmarked'))).toEqual({ text: 'marked' });
});

it('reads UTF-16 of either byte order by its mark', () => {
  expect(decodeText(bytes(0xff, 0xfe, 0x68, 0, 0xe9, 0))).toEqual({ text: 'hé' });
  expect(decodeText(bytes(0xfe, 0xff, 0, 0x68, 0, 0xe9))).toEqual({ text: 'hé' });
});

it('falls back to the encoding of old spreadsheets, and says so', () => {
  const { text, note } = decodeText(bytes(0x63, 0x61, 0x66, 0xe9));
  expect(text).toBe('café');
  expect(note).toContain('Windows-1252');
});

it('keeps UTF-8 that was cut within a character, and says what is lost', () => {
  const { text, note } = decodeText(utf8('Füße größer überall, ünd mehr: ö').slice(0, -1));
  expect(text).toBe('Füße größer überall, ünd mehr: \ufffd');
  expect(note).toContain('not valid UTF-8');
});

it('keeps the colours of a terminal and the page feeds of a listing for text', () => {
  expect(decodeText(utf8('\x1b[31mred\x1b[0m\f\tend')).text).toBe('\x1b[31mred\x1b[0m\f\tend');
});

it.each([
  ['a NUL', bytes(0x61, 0, 0x62), 'binary data'],
  ['control characters', bytes(1, 2, 3, 0x61, 0x62), 'binary data'],
  ['a Word document', utf8('PK\x03\x04word/document.xml'), 'Office document'],
  ['a picture', bytes(0x89, 0x50, 0x4e, 0x47, 0x0d), 'an image'],
  ['a gzip file', bytes(0x1f, 0x8b, 8), 'archive'],
])('refuses %s, and says what it is', (_, given, what) => {
  expect(() => decodeText(given)).toThrow(what);
});
