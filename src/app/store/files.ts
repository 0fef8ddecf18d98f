import type { NewDocument } from './conversation';

/** A paste longer than this is something to read, not something to say. */
export const PASTE_AS_DOCUMENT_CHARACTERS = 3000;

export function pastedDocument(text: string): NewDocument {
  return { name: 'Pasted text', text: text.replaceAll('\r\n', '\n'), tokens: undefined, questions: [] };
}
