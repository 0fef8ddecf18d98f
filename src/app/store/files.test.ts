import { expect, it } from 'vitest';
import { pastedDocument, readTextFile } from './files';

it('makes a document of a plain text file, with the line ends of this century', async () => {
  expect(await readTextFile(new File(['one\r\ntwo'], 'Notes.TXT'))).toEqual({
    document: { name: 'Notes.TXT', text: 'one\ntwo', tokens: undefined, questions: [] },
  });
  expect(pastedDocument('a\r\nb').text).toBe('a\nb');
});

it('reads the encoding of old spreadsheets', async () => {
  const bytes = new Uint8Array([0x63, 0x61, 0x66, 0xe9]);
  expect(await readTextFile(new File([bytes], 'menu.csv'))).toMatchObject({ document: { text: 'café' } });
});

it('reads a file as large as it may be', async () => {
  const file = new File(['a'.repeat(2 * 2 ** 20)], 'large.txt');
  expect(await readTextFile(file)).toMatchObject({ document: { name: 'large.txt' } });
});

it.each([
  [new File(['%PDF'], 'report.pdf'), 'plain text files only'],
  [new File([new Uint8Array([1, 0, 2])], 'data.txt'), 'binary'],
  [new File([' \n'], 'empty.md'), 'empty'],
  [new File(['a'.repeat(2 * 2 ** 20 + 1)], 'big.json'), '2 MiB'],
])('refuses a file with its name and the reason', async (file, reason) => {
  const reading = await readTextFile(file);
  expect(reading).toEqual({ refused: expect.stringContaining(reason) as string });
  expect(reading).toEqual({ refused: expect.stringContaining(file.name) as string });
});
