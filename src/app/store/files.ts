/** Texts from outside as documents: dropped and attached files, and long pastes. */
import type { NewDocument } from './conversation';

export const TEXT_EXTENSIONS = ['.txt', '.md', '.csv', '.json'] as const;
/** A paste longer than this is something to read, not something to say. */
export const PASTE_AS_DOCUMENT_CHARACTERS = 3000;
/**
 * Half a million tokens, beyond any context here. Counting takes the worker about 1.4 s per MB, and meanwhile it hears
 * nothing else.
 */
const MOST_BYTES = 2 * 2 ** 20;

export type FileReading = { readonly document: NewDocument } | { readonly refused: string };

export async function readTextFile(file: File): Promise<FileReading> {
  const name = file.name;
  if (!TEXT_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension))) {
    return { refused: `${name} was not attached: plain text files only (${TEXT_EXTENSIONS.join(', ')}).` };
  }
  if (file.size > MOST_BYTES) {
    return { refused: `${name} was not attached: it is over 2 MiB, more than any model here can read.` };
  }
  const text = decode(await file.arrayBuffer());
  if (text === undefined) return { refused: `${name} was not attached: it holds binary data, not text.` };
  if (text.trim() === '') return { refused: `${name} was not attached: it is empty.` };
  return { document: { name, text, tokens: undefined, questions: [] } };
}

/** UTF-8, or else the encoding that old spreadsheets and notepads wrote. */
function decode(bytes: ArrayBuffer): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes);
  }
  return text.includes('\0') ? undefined : text.replaceAll('\r\n', '\n');
}

export function pastedDocument(text: string): NewDocument {
  return { name: 'Pasted text', text: text.replaceAll('\r\n', '\n'), tokens: undefined, questions: [] };
}
