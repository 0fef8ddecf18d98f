/** What every reader of this room gives: the text of a file as the model is to read it, or why there is none. */

export type DocumentKind = 'text' | 'markdown' | 'table' | 'json' | 'code' | 'web page' | 'PDF' | 'pasted';

export interface DocumentText {
  readonly name: string;
  readonly kind: DocumentKind;
  readonly text: string;
  /** Of a PDF: where in `text` the mark of each page begins. */
  readonly pages?: readonly number[];
  /** What the reader had to assume or leave out; one sentence. */
  readonly note?: string;
}

export type DocumentErrorCode =
  'binary' | 'cancelled' | 'damaged' | 'empty' | 'encrypted' | 'scanned' | 'too-large' | 'unreadable';

/** `message` goes on from the file's name: “report.pdf was not attached: it is …”. */
export class DocumentError extends Error {
  constructor(
    readonly code: DocumentErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Of text: more than any model here can read. */
export const MOST_TEXT_BYTES = 8 * 2 ** 20;

const encoder = new TextEncoder();

/** In UTF-8. Throws `too-large` and `empty`: nothing is ever cut to fit. */
export function checkText(text: string): void {
  if (text.trim() === '') throw new DocumentError('empty', 'it holds no text.');
  // A UTF-16 unit takes one to three bytes, so most texts need not be encoded to be judged.
  if (text.length * 3 <= MOST_TEXT_BYTES) return;
  if (text.length > MOST_TEXT_BYTES || encoder.encode(text).length > MOST_TEXT_BYTES)
    throw tooLarge('its text');
}

export const tooLarge = (what: string) =>
  new DocumentError(
    'too-large',
    `${what} is over ${MOST_TEXT_BYTES / 2 ** 20} MiB, more than any model here can read.`,
  );
