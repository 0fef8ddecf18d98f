/** Markdown as it is spoken: its words without its marks. By patterns, as it comes in pieces that no parser could take. */

/** What is taken away or written otherwise, in this order. None looks far from where it begins, or it could take long. */
const RULES: readonly (readonly [RegExp, string])[] = [
  // Fences of code, the line below a table's head, and rules.
  [/^[ \t]*(?:`{3,}|~{3,}).*$/gm, ''],
  [/^[ \t]*(?:\|[ \t]*)?:?-{2,}[-:| \t]*$/gm, ''],
  [/^[ \t]*(?:[*_-][ \t]*){3,}$/gm, ''],
  // Headings, quotations and items.
  [/^[ \t]*(?:#{1,6}|>|[*+-])[ \t]+/gm, ''],
  // Links and images by their words.
  [/!?\[([^\]\n[]{0,300})\]\([^()\n]{0,300}\)/g, '$1'],
  // What emphasis, and code within a line, stand between.
  [/`+/g, ''],
  [/(^|[\s([{"'“‘])(?:\*{1,3}|_{1,3}|~~)(?=\S)/gm, '$1'],
  [/([^\s\\])(?:\*{1,3}|_{1,3}|~~)(?=$|[\s.,;:!?…)\]}"'”’])/gm, '$1'],
  [/\\([!-/:-@[-`{-~])/g, '$1'],
  [/\n[ \t]*(?=\n)/g, ''],
];

const TABLE_ROW = /^[ \t]*\|.*$/gm;

const cellsOf = (row: string): string =>
  row
    .split('|')
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '')
    .join(', ');

export const plainText = (markdown: string): string =>
  RULES.reduce((text, [mark, words]) => text.replace(mark, words), markdown)
    .replace(TABLE_ROW, cellsOf)
    .trim();
