import type { PDFDocumentProxy } from 'pdfjs-dist';
import { DocumentError, MOST_TEXT_BYTES, tooLarge, type DocumentText } from './document-text';
import { pageText } from './pdf-text';
import type { ReadOptions } from './read-document';

export interface OpenedPdf {
  readonly pdf: Promise<PDFDocumentProxy>;
  close(): void;
}

/** Takes the bytes over. */
export type OpenPdf = (data: Uint8Array<ArrayBuffer>) => OpenedPdf;

/**
 * The text of every page behind a mark like “[Page 3]”. Throws `encrypted`, `damaged`, `scanned` where there are only
 * pictures, and `too-large`.
 */
export async function readPdf(
  data: Uint8Array<ArrayBuffer>,
  open: OpenPdf,
  options: ReadOptions,
): Promise<Omit<DocumentText, 'name'>> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { pdf, close } = open(data);
  // Whom it asks may never answer once it is closed, so a cancelled reading waits for nothing.
  const over = new AbortController();
  const cancelled = new Promise<never>((_, reject) => {
    const onAbort = () => reject(new DOMException('cancelled', 'AbortError'));
    signal?.addEventListener('abort', onAbort, { signal: over.signal });
  });
  try {
    return joinPages(await Promise.race([cancelled, pdf.then((opened) => pagesOf(opened, options))]));
  } catch (thrown) {
    throw thrown instanceof DocumentError ? thrown : explain(thrown);
  } finally {
    over.abort();
    close();
  }
}

async function pagesOf(
  pdf: PDFDocumentProxy,
  { signal, onProgress }: ReadOptions,
): Promise<readonly string[]> {
  const pages: string[] = [];
  let length = 0;
  for (let number = 1; number <= pdf.numPages; number++) {
    signal?.throwIfAborted();
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    const text = pageText(items.filter((item) => 'str' in item));
    length += text.length;
    if (length > MOST_TEXT_BYTES) throw tooLarge('its text');
    pages.push(text);
    onProgress?.(number / pdf.numPages);
  }
  return pages;
}

function joinPages(texts: readonly string[]): Omit<DocumentText, 'name'> {
  const silent = texts.filter((text) => text === '').length;
  if (silent === texts.length) {
    throw new DocumentError(
      'scanned',
      'its pages are pictures without text, as a scanner makes them. A program for text recognition (OCR) can add the text.',
    );
  }
  const pages: number[] = [];
  let text = '';
  for (const [index, page] of texts.entries()) {
    if (text !== '') text += '\n\n';
    pages.push(text.length);
    text += `[Page ${index + 1}]\n${page}`;
  }
  const note = noteOn(text, silent, texts.length);
  return { kind: 'PDF', text: text.trimEnd(), pages, ...(note !== undefined && { note }) };
}

function noteOn(text: string, silent: number, pages: number): string | undefined {
  const unmapped = text.match(/[\ufffd\ue000-\uf8ff]/g)?.length ?? 0;
  if (unmapped * 10 > text.length)
    return 'Its fonts do not say which letters they draw, so much of the text is unreadable.';
  if (silent > 0) return `${silent} of its ${pages} pages hold no text, only pictures or nothing.`;
  return undefined;
}

/** pdf.js names its errors; their classes are another copy's where the worker made them. */
function explain(thrown: unknown): DocumentError {
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'PasswordException')
    return new DocumentError('encrypted', 'it is locked with a password. Save a copy without one.');
  return new DocumentError('damaged', 'it is damaged, and its pages cannot be read.');
}
