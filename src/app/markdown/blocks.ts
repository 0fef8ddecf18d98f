/**
 * Cuts an answer into its blocks, and long blocks into pieces, so that each piece is parsed once and only the last one,
 * which grows, again. A piece is Markdown that can be parsed by itself. To find where blocks end takes one look at the
 * beginning of each line, so that much is done anew whenever the answer grows. HTML blocks end at blank lines, whatever they are: they are
 * shown as written anyhow.
 */
import {
  beginsTable,
  closesFence,
  dedent,
  fenceOf,
  formulaStartOf,
  indentOf,
  interrupts,
  isBlank,
  isHeading,
  isQuote,
  isRule,
  isUnderline,
  listMarkerOf,
  type Fence,
} from './lines';
import { withDefinitions } from './definitions';
import { cutParagraph } from './paragraph';

/** What all pieces of a block stand in together; each piece brings it and is taken out of it. */
export type Container = 'p' | 'ul' | 'ol' | 'table' | 'blockquote';

export type Block =
  | { readonly kind: 'code'; readonly language: string; readonly text: string; readonly closed: boolean }
  /** `source` is as written, marks included. */
  | { readonly kind: 'formula'; readonly tex: string; readonly source: string; readonly closed: boolean }
  | {
      readonly kind: 'prose';
      /** Undefined: one piece, which brings whatever it stands in. */
      readonly container: Container | undefined;
      /** Of an ordered list that does not begin with 1. */
      readonly start?: number;
      readonly pieces: readonly string[];
    };

/** Characters from which on a piece of a list or a quotation is full. */
const PIECE = 500;
const ROWS = 10;

interface Taken {
  readonly block: Block;
  /** The line after it. */
  readonly next: number;
}

type Take = (lines: readonly string[], at: number) => Taken | undefined;

export function splitBlocks(text: string): readonly Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (isBlank(line)) {
      at += 1;
      continue;
    }
    const taken = firstOf(lines, at);
    blocks.push(taken.block);
    at = taken.next;
  }
  return withDefinitions(blocks, text);
}

function firstOf(lines: readonly string[], at: number): Taken {
  for (const take of [takeIndented, takeCode, takeFormula, takeTable, takeLine, takeList, takeQuote]) {
    const taken = take(lines, at);
    if (taken !== undefined) return taken;
  }
  return takeParagraph(lines, at);
}

const prose = (container: Container | undefined, pieces: readonly string[], next: number): Taken => ({
  block: { kind: 'prose', container, pieces },
  next,
});

const joined = (lines: readonly string[], from: number, to: number): string =>
  lines.slice(from, to).join('\n');

/** The end of a stretch without the blank lines that follow it. */
function withoutBlanks(lines: readonly string[], from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(lines[end - 1] ?? '')) end -= 1;
  return end;
}

const takeCode: Take = (lines, at) => {
  const fence = fenceOf(lines[at] ?? '');
  if (fence === undefined) return undefined;
  let end = at + 1;
  while (end < lines.length && !closesFence(lines[end] ?? '', fence)) end += 1;
  const text = lines.slice(at + 1, end).map((line) => dedent(line, fence.indent));
  const closed = end < lines.length;
  if (fence.language === 'math') {
    const source = joined(lines, at, end + 1);
    return { block: { kind: 'formula', tex: text.join('\n').trim(), source, closed }, next: end + 1 };
  }
  return {
    block: { kind: 'code', language: fence.language, text: text.join('\n'), closed },
    next: end + 1,
  };
};

const takeFormula: Take = (lines, at) => {
  const start = formulaStartOf(lines[at] ?? '');
  if (start === undefined) return undefined;
  const body: string[] = [];
  let end = at;
  for (let line: string | undefined = start.rest; line !== undefined; line = lines[end]) {
    // Blank lines are no part of a formula, and words after it make it a part of a sentence.
    if (isBlank(line) && end > at) return undefined;
    end += 1;
    const closing = line.indexOf(start.close);
    body.push(closing === -1 ? line : line.slice(0, closing));
    if (closing === -1) continue;
    return isBlank(line.slice(closing + start.close.length)) ? formula(true) : undefined;
  }
  return formula(false);

  function formula(closed: boolean): Taken {
    const [tex, source] = [body.join('\n').trim(), joined(lines, at, end)];
    return { block: { kind: 'formula', tex, source, closed }, next: end };
  }
};

const takeTable: Take = (lines, at) => {
  if (!beginsTable(lines[at] ?? '', lines[at + 1])) return undefined;
  let end = at + 2;
  while (end < lines.length && !isBlank(lines[end] ?? '') && !interrupts(lines[end] ?? '')) end += 1;
  const head = joined(lines, at, at + 2);
  const pieces: string[] = [];
  for (let row = at + 2; row < end || pieces.length === 0; row += ROWS) {
    pieces.push([head, ...lines.slice(row, Math.min(row + ROWS, end))].join('\n'));
  }
  return prose('table', pieces, end);
};

/** A heading or a rule. */
const takeLine: Take = (lines, at) => {
  const line = lines[at] ?? '';
  return isHeading(line) || isRule(line) ? prose(undefined, [line], at + 1) : undefined;
};

const takeIndented: Take = (lines, at) => {
  if (indentOf(lines[at] ?? '') < 4) return undefined;
  let end = at + 1;
  while (end < lines.length && (isBlank(lines[end] ?? '') || indentOf(lines[end] ?? '') >= 4)) end += 1;
  end = withoutBlanks(lines, at, end);
  const text = lines.slice(at, end).map((line) => dedent(line.replace(/^\t/, '    '), 4));
  return { block: { kind: 'code', language: '', text: text.join('\n'), closed: true }, next: end };
};

const takeList: Take = (lines, at) => {
  const first = listMarkerOf(lines[at] ?? '');
  if (first === undefined) return undefined;
  const items = [at];
  const end = endOfList(lines, at, first.type, items);
  const pieces: string[] = [];
  let from = at;
  items.forEach((_, index) => {
    const to = items[index + 1] ?? end;
    const source = joined(lines, from, withoutBlanks(lines, from, to));
    if (source.length < PIECE && to !== end) return;
    pieces.push(source);
    from = to;
  });
  const { number } = first;
  const block = { kind: 'prose', container: number === undefined ? 'ul' : 'ol', pieces } as const;
  return { block: number === undefined || number === 1 ? block : { ...block, start: number }, next: end };
};

/** Puts the first line of every further item into `items`. */
function endOfList(lines: readonly string[], at: number, type: string, items: number[]): number {
  let content = listMarkerOf(lines[at] ?? '')?.content ?? 0;
  let fence = fenceOf((lines[at] ?? '').slice(content));
  let afterBlank = false;
  let end = at + 1;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? '';
    if (isBlank(line)) {
      afterBlank = true;
      continue;
    }
    if (indentOf(line) >= content) {
      const inner = dedent(line, content);
      if (fence === undefined) fence = fenceOf(inner);
      else if (closesFence(inner, fence)) fence = undefined;
    } else {
      const marker = listMarkerOf(line);
      if (marker?.type === type) {
        items.push(end);
        content = marker.content;
        fence = fenceOf(line.slice(content));
      } else if (afterBlank || fence !== undefined || marker !== undefined || interrupts(line)) {
        break;
      }
    }
    afterBlank = false;
  }
  return withoutBlanks(lines, at, end);
}

const takeQuote: Take = (lines, at) => {
  if (!isQuote(lines[at] ?? '')) return undefined;
  let end = at + 1;
  while (end < lines.length) {
    const line = lines[end] ?? '';
    if (isBlank(line) || (!isQuote(line) && interrupts(line))) break;
    end += 1;
  }
  const pieces: string[] = [];
  let from = at;
  let length = 0;
  let fence: Fence | undefined;
  for (let line = at; line < end; line += 1) {
    const inner = (lines[line] ?? '').replace(/^ {0,3}> ?/, '');
    length += inner.length;
    if (fence === undefined) fence = fenceOf(inner);
    else if (closesFence(inner, fence)) fence = undefined;
    // Between paragraphs, and not where the next one may belong to a list.
    const next = (lines[line + 1] ?? '').replace(/^ {0,3}> ?/, '');
    const apart = isBlank(inner) && indentOf(next) === 0 && listMarkerOf(next) === undefined;
    if (length < PIECE || fence !== undefined || !apart || line + 1 >= end) continue;
    pieces.push(joined(lines, from, line));
    from = line + 1;
    length = 0;
  }
  pieces.push(joined(lines, from, end));
  return prose('blockquote', pieces, end);
};

function takeParagraph(lines: readonly string[], at: number): Taken {
  let end = at + 1;
  while (end < lines.length) {
    const line = lines[end] ?? '';
    if (isUnderline(line)) return prose(undefined, [joined(lines, at, end + 1)], end + 1);
    if (isBlank(line) || interrupts(line) || beginsTable(line, lines[end + 1])) break;
    end += 1;
  }
  const pieces = cutParagraph(joined(lines, at, end));
  return prose(pieces.length === 1 ? undefined : 'p', pieces, end);
}
