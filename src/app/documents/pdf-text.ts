/**
 * Text of a page from the pieces that a PDF draws. A PDF knows where each piece stands and no more: lines, paragraphs and
 * words that were divided at a line's end have to be found again.
 */

/** As pdf.js gives them, in the order in which they are drawn, which is that of reading in nearly every file. */
export interface TextPiece {
  readonly str: string;
  /** [a, b, c, d, x, y]: y grows upwards, and the length of (c, d) is the height of the letters. */
  readonly transform: readonly number[];
  readonly width: number;
  /** Whether the line ends here. */
  readonly hasEOL: boolean;
}

interface Line {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly base: number;
  readonly height: number;
}

/** A step to the next line that is larger than this many letter heights begins a paragraph. */
const PARAGRAPH_STEP = 1.75;
/** A line that fills less than this of its paragraph's width was ended on purpose: a list, a table, a verse. */
const FULL_LINE = 0.75;

export function pageText(pieces: readonly TextPiece[]): string {
  return paragraphsOf(linesOf(pieces)).map(joinLines).join('\n\n');
}

function linesOf(pieces: readonly TextPiece[]): readonly Line[] {
  const lines: Line[] = [];
  let open: TextPiece[] = [];
  const end = () => {
    const line = lineOf(open);
    if (line !== undefined) lines.push(line);
    open = [];
  };
  for (const piece of pieces) {
    open.push(piece);
    if (piece.hasEOL) end();
  }
  end();
  return lines;
}

function lineOf(pieces: readonly TextPiece[]): Line | undefined {
  const text = cleaned(pieces.map(({ str }) => str).join(''));
  const drawn = pieces.filter(({ str }) => str.trim() !== '');
  if (text === '' || drawn.length === 0) return undefined;
  const place = drawn.map(({ transform: [, , c = 0, d = 0, x = 0, y = 0], width }) => {
    return { left: x, right: x + width, base: y, height: Math.hypot(c, d) };
  });
  return {
    text,
    left: Math.min(...place.map(({ left }) => left)),
    right: Math.max(...place.map(({ right }) => right)),
    base: place[0]!.base,
    // Not the first piece's: that may be an initial, or the mark of a footnote.
    height: median(place.map(({ height }) => height)),
  };
}

// eslint-disable-next-line no-control-regex -- Fonts without a map to letters leave them behind.
const CONTROLS = /[\0-\x08\x0e-\x1f]/g;

const cleaned = (text: string) => text.replace(CONTROLS, '').replace(/\s+/g, ' ').trim();

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function paragraphsOf(lines: readonly Line[]): readonly (readonly Line[])[] {
  const paragraphs: Line[][] = [];
  for (const line of lines) {
    const current = paragraphs.at(-1);
    const before = current?.at(-1);
    if (current === undefined || before === undefined || beginsParagraph(before, line))
      paragraphs.push([line]);
    else current.push(line);
  }
  return paragraphs;
}

function beginsParagraph(before: Line, line: Line): boolean {
  const height = Math.max(before.height, line.height);
  if (Math.abs(before.height - line.height) > height * 0.2) return true; // A heading, or what follows one.
  const step = before.base - line.base;
  // Upwards to the next column, or onto a line that goes on: a sentence may run through.
  if (step < -height) return !/^\p{Ll}/u.test(line.text) || /[.!?:]$/.test(before.text);
  if (step > height * PARAGRAPH_STEP) return true;
  return line.left - before.left > height * 0.8 && /[.!?:”"]$/.test(before.text); // An indent after a full stop.
}

function joinLines(lines: readonly Line[]): string {
  const width = Math.max(...lines.map(({ left, right }) => right - left));
  let text = '';
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    if (before === undefined) text = line.text;
    else if (before.right - before.left < width * FULL_LINE) text += `\n${line.text}`;
    else text = joinWords(text, line.text);
  }
  return text;
}

/** A hyphen between small letters divided a word, as a rule; where it did not (long-term), two words become one. */
function joinWords(text: string, next: string): string {
  if (text.endsWith('\u00ad')) return text.slice(0, -1) + next;
  if (/\p{Ll}[-\u2010]$/u.test(text) && /^\p{Ll}/u.test(next)) return text.slice(0, -1) + next;
  if (isWide(text.at(-1)) && isWide(next[0])) return text + next;
  return `${text} ${next}`;
}

/** Chinese and Japanese put no spaces between words. */
const isWide = (character = '') =>
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u.test(character);
