import { readFile } from 'node:fs/promises';
import { getDocument, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { expect, it } from 'vitest';
import { readPdf, type OpenPdf } from './read-pdf';
import type { ReadOptions } from './read-document';
import { JAPANESE_FONT, tinyPdf } from './tiny-pdf.test-support';

const CMAPS = new URL('../../../node_modules/pdfjs-dist/cmaps/', import.meta.url);

class CMaps {
  fetch = async ({ filename }: { readonly filename: string }) =>
    new Uint8Array(await readFile(new URL(filename, CMAPS)));
}

/** As the page opens one, without a worker. */
const open: OpenPdf = (data) => {
  const task = getDocument({
    data,
    BinaryDataFactory: CMaps,
    cMapUrl: '/',
    useSystemFonts: true,
    isEvalSupported: false,
    verbosity: VerbosityLevel.ERRORS,
  });
  return { pdf: task.promise, close: () => void task.destroy() };
};
const read = (bytes: Uint8Array<ArrayBuffer>, options: ReadOptions = {}) => readPdf(bytes, open, options);

it('reads the pages in order, each behind its mark, and says where the marks are', async () => {
  const { text, pages, kind } = await read(tinyPdf([['First page.'], ['Second page.'], ['Third page.']]));
  expect(text).toBe('[Page 1]\nFirst page.\n\n[Page 2]\nSecond page.\n\n[Page 3]\nThird page.');
  expect(pages?.map((start) => text.slice(start, start + 8))).toEqual(['[Page 1]', '[Page 2]', '[Page 3]']);
  expect(kind).toBe('PDF');
});

it('reads Japanese whose font brings no map to letters', async () => {
  const shiftJis = '\x93\xfa\x96\x7b\x8c\xea'; // 日本語
  const { text } = await read(tinyPdf([[shiftJis]], { font: JAPANESE_FONT }));
  expect(text).toBe('[Page 1]\n日本語');
});

it('tells how far it is, page by page', async () => {
  const shares: number[] = [];
  await read(tinyPdf([['a'], ['b'], ['c'], ['d']]), { onProgress: (share) => shares.push(share) });
  expect(shares).toEqual([0.25, 0.5, 0.75, 1]);
});

it('ends when it is cancelled, though what it asked never answers', async () => {
  const cancelling = new AbortController();
  let closed = 0;
  const silent: OpenPdf = () => ({ pdf: new Promise(() => undefined), close: () => (closed += 1) });
  const reading = readPdf(tinyPdf([['a']]), silent, { signal: cancelling.signal });
  cancelling.abort();
  await expect(reading).rejects.toThrow();
  expect(closed).toBe(1);
});

it('stops between pages once it is cancelled', async () => {
  const cancelling = new AbortController();
  const shares: number[] = [];
  const reading = read(tinyPdf([['a'], ['b'], ['c']]), {
    signal: cancelling.signal,
    onProgress(share) {
      shares.push(share);
      cancelling.abort();
    },
  });
  await expect(reading).rejects.toThrow();
  expect(shares).toHaveLength(1);
  await expect(read(tinyPdf([['a']]), { signal: cancelling.signal })).rejects.toBe(cancelling.signal.reason);
});

it('names a scanned file as such, and says how many pages are silent where only some are', async () => {
  await expect(read(tinyPdf([[], []]))).rejects.toMatchObject({ code: 'scanned' });
  const { note } = await read(tinyPdf([['text'], [], ['text']]));
  expect(note).toBe('1 of its 3 pages hold no text, only pictures or nothing.');
});

it('tells a locked file from a damaged one', async () => {
  await expect(read(tinyPdf([['secret']], { locked: true }))).rejects.toMatchObject({ code: 'encrypted' });
  const damaged = new TextEncoder().encode('%PDF-1.7\nno more than a beginning');
  await expect(read(damaged)).rejects.toMatchObject({ code: 'damaged' });
});

it('warns of fonts that do not say which letters they draw', async () => {
  const font =
    '<< /Type /Font /Subtype /Type1 /BaseFont /Odd /FirstChar 97 /LastChar 99 /Widths [500 500 500] /ToUnicode 3 0 R ' +
    '/Encoding << /Type /Encoding /Differences [97 /uniE001 /uniE002 /uniE003] >> >>';
  const { note } = await read(tinyPdf([['abcabcabcabcabc']], { font }));
  expect(note).toContain('do not say which letters');
});
