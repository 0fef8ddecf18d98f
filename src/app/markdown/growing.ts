import { openMarks } from './paragraph';
import { beginsTable, cellsOf, closesFence, fenceOf, type Fence } from './lines';

/** A last line that may yet become anything: a list, a rule, a heading, a fence. */
const UNDECIDED = /(?:^|\n) {0,3}(?:[-=*_+#>|]+|\d{1,9}[.)]?|`{1,2}|~{1,2})[ \t]*$/;
/** A link or image up to where its address begins, or within it. */
const OPEN_LINK = /!?\[([^\]\n]*)(?:\](?:\([^()\n]*)?)?$/;

/** A run of marks at the very end, which may be half of what it will be. */
const LAST_RUN = /(?<!\\)(?:\*+|_+|~+|`+)$/;

/**
 * The last piece of an answer as it should look while more is to come: nothing flickers through the shapes that its
 * beginning could have, and what is emphasised is so from its first letter on.
 */
export function completed(piece: string): string {
  if (isWithinCode(piece)) return piece;
  const decided = piece.replace(UNDECIDED, '');
  const cut = decided.lastIndexOf('\n\n') + 1;
  const last = withoutOpenLink(withoutOpenRun(decided.slice(cut).trimEnd())).trimEnd();
  const closing = marksToClose(last).reverse().join('');
  return decided.slice(0, cut) + tableToCome(last + closing);
}

/** Whether a code block is open in it, in a list or a quotation. */
function isWithinCode(piece: string): boolean {
  let fence: Fence | undefined;
  for (const line of piece.split('\n')) {
    const inner = line.replace(/^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*/, '');
    if (fence === undefined) fence = fenceOf(inner);
    else if (closesFence(inner, fence)) fence = undefined;
  }
  return fence !== undefined;
}

/** Brackets and formulas stay as they are: what they will be is not known before they close. */
const marksToClose = (source: string): string[] =>
  openMarks(source)
    .map(({ mark }) => mark)
    .filter((mark) => mark !== '[' && mark !== '$$');

/** Without marks at the end that open something, or that only begin to close what is open. */
function withoutOpenRun(source: string): string {
  const run = LAST_RUN.exec(source)?.[0];
  if (run === undefined) return source;
  const before = source.slice(0, -run.length);
  const open = marksToClose(before);
  const closes = open.some((_, index) => open.slice(index).reverse().join('') === run);
  return closes ? source : withoutOpenRun(before.trimEnd());
}

function withoutOpenLink(source: string): string {
  const isOpen = openMarks(source).some(({ mark }) => mark === '[') || /\]\([^()\n]*$/.test(source);
  return isOpen ? source.replace(OPEN_LINK, '$1') : source;
}

/** A row of titles is a table before the row below it says so. */
function tableToCome(source: string): string {
  const [header = '', below] = source.split('\n');
  if (!/^ {0,3}\|.*\S/.test(header) || beginsTable(header, below)) return source;
  return `${header}\n${'|-'.repeat(cellsOf(header))}|`;
}
