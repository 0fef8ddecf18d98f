import { expect, it } from 'vitest';
import { MOST_TEXT_BYTES } from './document-text';
import { kindOf, readDocument } from './read-document';

it('makes a document of a text file', async () => {
  expect(await readDocument(new File(['one\r\ntwo'], 'Notes.TXT'))).toEqual({
    document: { name: 'Notes.TXT', kind: 'text', text: 'one\ntwo' },
  });
});

it('carries the note of an encoding that was guessed', async () => {
  const bytes = Uint8Array.from([0x63, 0x61, 0x66, 0xe9]);
  expect(await readDocument(new File([bytes], 'menu.csv'))).toMatchObject({
    document: { kind: 'table', text: 'café', note: expect.stringContaining('Windows-1252') as string },
  });
});

it.each([
  ['a.md', 'markdown'],
  ['a.tsv', 'table'],
  ['a.jsonl', 'json'],
  ['a.HTM', 'web page'],
  ['server.log', 'text'],
  ['main.rs', 'code'],
  ['README', 'text'],
  ['.gitignore', 'text'],
])('takes %s for %s', (name, kind) => {
  expect(kindOf(name)).toBe(kind);
});

it('reads a file as large as it may be', async () => {
  const file = new File(['a'.repeat(MOST_TEXT_BYTES)], 'large.txt');
  expect(await readDocument(file)).toMatchObject({ document: { name: 'large.txt' } });
});

it.each([
  [new File([new Uint8Array([1, 0, 2])], 'data.txt'), 'binary', 'binary data'],
  [new File([' \n'], 'empty.md'), 'empty', 'no text'],
  [new File(['a'.repeat(MOST_TEXT_BYTES + 1)], 'big.json'), 'too-large', '8 MiB'],
  // Shorter as a file: UTF-16 takes two bytes where UTF-8 takes three.
  [
    new File([Uint8Array.of(0xff, 0xfe), new Uint8Array(6 * 2 ** 20).fill(0x4e)], 'cjk.txt'),
    'too-large',
    '8 MiB',
  ],
  [new File(['plain text'], 'report.pdf'), 'damaged', 'not a PDF'],
])('refuses a file by its name, with a code and the reason', async (file, code, reason) => {
  const reading = await readDocument(file);
  expect(reading).toMatchObject({ failure: { code } });
  expect('failure' in reading && reading.failure.message).toMatch(
    new RegExp(`^${file.name} was not attached: .*${reason}`),
  );
});

it('refuses what is too large before it is in memory', async () => {
  const log = new File(['text'], 'huge.log');
  Object.defineProperty(log, 'size', { value: 2 ** 40 });
  const pdf = new File(['%PDF-1.7'], 'huge.pdf');
  Object.defineProperty(pdf, 'size', { value: 2 ** 40 });
  for (const file of [log, pdf]) {
    Object.defineProperty(file, 'arrayBuffer', { value: () => Promise.reject(new Error('was read')) });
    expect(await readDocument(file)).toMatchObject({ failure: { code: 'too-large' } });
  }
});

it('says that a file could not be read, with the system’s reason', async () => {
  const gone = new File(['x'], 'gone.txt');
  Object.defineProperty(gone, 'arrayBuffer', { value: () => Promise.reject(new Error('it was moved')) });
  expect(await readDocument(gone)).toMatchObject({
    failure: { code: 'unreadable', message: expect.stringContaining('it was moved') as string },
  });
});

it('gives up what is cancelled while it is read, and does not begin what was cancelled before', async () => {
  const cancelling = new AbortController();
  const { signal } = cancelling;
  const file = new File(['text'], 'a.txt');
  const reading = readDocument(file, { signal });
  cancelling.abort();
  expect(await reading).toMatchObject({ failure: { code: 'cancelled' } });
  let begun = false;
  Object.defineProperty(file, 'slice', { value: () => (begun = true) });
  expect(await readDocument(file, { signal })).toMatchObject({ failure: { code: 'cancelled' } });
  expect(begun).toBe(false);
});
