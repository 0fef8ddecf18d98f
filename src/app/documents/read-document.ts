/** Files from outside as text for the model: nothing in them is run, and nothing that they name is fetched. */
import { toFailure } from '../store/engine';
import { decodeText } from './decode-text';
import {
  checkText,
  DocumentError,
  MOST_TEXT_BYTES,
  tooLarge,
  type DocumentErrorCode,
  type DocumentKind,
  type DocumentText,
} from './document-text';

export interface DocumentFailure {
  readonly code: DocumentErrorCode;
  /** A sentence with the file's name: what was found, and what to do where something can be done. */
  readonly message: string;
}

export type DocumentReading = { readonly document: DocumentText } | { readonly failure: DocumentFailure };

export interface ReadOptions {
  /** Ends the reading with `cancelled`. */
  readonly signal?: AbortSignal;
  /** Of files that take long, the share that is read. */
  readonly onProgress?: (share: number) => void;
}

/** Pictures make PDFs large; it is their text that has to be small. */
const MOST_PDF_BYTES = 256 * 2 ** 20;

/** Never rejects. What a file is, its first bytes tell before its name does. */
export async function readDocument(file: File, options: ReadOptions = {}): Promise<DocumentReading> {
  try {
    options.signal?.throwIfAborted();
    const read = (await isPdf(file)) ? await readPdfFile(file, options) : await readTextFile(file);
    options.signal?.throwIfAborted();
    checkText(read.text);
    return { document: { name: file.name, ...read } };
  } catch (thrown) {
    const { code, message } = toDocumentError(thrown, options.signal);
    return { failure: { code, message: `${file.name} was not attached: ${message}` } };
  }
}

function toDocumentError(thrown: unknown, signal: AbortSignal | undefined): DocumentError {
  if (signal?.aborted === true) return new DocumentError('cancelled', 'it was cancelled.');
  if (thrown instanceof DocumentError) return thrown;
  // A dropped folder, a file that was moved, a part of the page that could not be fetched.
  return new DocumentError('unreadable', `it could not be read (${toFailure(thrown).message}).`);
}

type Read = Omit<DocumentText, 'name'>;

/** The mark may come late: mail gateways put lines before it. */
async function isPdf(file: File): Promise<boolean> {
  const head = await file.slice(0, 1024).text();
  return head.includes('%PDF-') && (head.startsWith('%PDF-') || hasExtension(file.name, ['pdf']));
}

async function readPdfFile(file: File, options: ReadOptions): Promise<Read> {
  if (file.size > MOST_PDF_BYTES) throw new DocumentError('too-large', 'a PDF may have 256 MiB at most.');
  const [{ openPdf }, { readPdf }] = await Promise.all([import('./open-pdf'), import('./read-pdf')]);
  return readPdf(new Uint8Array(await file.arrayBuffer()), openPdf, options);
}

async function readTextFile(file: File): Promise<Read> {
  if (hasExtension(file.name, ['pdf']))
    throw new DocumentError('damaged', 'it is not a PDF file, despite its name.');
  if (file.size > MOST_TEXT_BYTES) throw tooLarge('it');
  const { text, note } = decodeText(new Uint8Array(await file.arrayBuffer()));
  const kind = kindOf(file.name);
  if (kind !== 'web page') return { kind, text, ...(note !== undefined && { note }) };
  const { readHtml } = await import('./read-html');
  return { kind, text: readHtml(text), ...(note !== undefined && { note }) };
}

const KINDS: readonly (readonly [DocumentKind, readonly string[]])[] = [
  ['web page', ['html', 'htm', 'xhtml']],
  ['markdown', ['md', 'markdown']],
  ['table', ['csv', 'tsv']],
  ['json', ['json', 'jsonl', 'ndjson']],
  ['text', ['txt', 'text', 'log', 'rst', 'org', 'tex', 'srt', 'vtt', 'eml']],
];

/** By its name alone. What has an extension that is none of prose is taken for source code. */
export function kindOf(name: string): DocumentKind {
  const known = KINDS.find(([, extensions]) => hasExtension(name, extensions));
  return known?.[0] ?? (/[^.]\.\w+$/.test(name) ? 'code' : 'text');
}

function hasExtension(name: string, extensions: readonly string[]): boolean {
  return extensions.includes(/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? '');
}
