/** Inline Markdown, read just far enough to know what is still open where it ends. */

interface OpenMark {
  readonly mark: string;
  readonly at: number;
}

/** Code spans, escapes, links, formulas and emphasis marks. */
const TOKEN = /\\[\s\S]|(`+)[\s\S]*?(?<!`)\1(?!`)|`+|\$\$|\*+|_+|~~|\[|\]\([^()\s]*\)|\]/g;
const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}]/u.test(character);
const isSpace = (character: string | undefined): boolean => character === undefined || /\s/.test(character);

/** What is open at the end of a paragraph, outermost first: code, formulas, emphasis, brackets. */
export function openMarks(source: string): readonly OpenMark[] {
  const open: OpenMark[] = [];
  const drop = (mark: string): boolean => {
    const at = open.findLastIndex((candidate) => candidate.mark === mark);
    if (at === -1) return false;
    open.length = at;
    return true;
  };
  for (const { 0: token, 1: code, index } of source.matchAll(TOKEN)) {
    const [first = ''] = token;
    if (first === '\\' || code !== undefined) continue;
    if (first === '`') {
      open.push({ mark: token, at: index });
      return open;
    }
    if (first === ']') {
      drop('[');
      continue;
    }
    if (first === '[' || token === '$$') {
      if (first === '[' || !drop(token)) open.push({ mark: token, at: index });
      continue;
    }
    const before = source[index - 1];
    const after = source[index + token.length];
    const opens = !isSpace(after) && !(first === '_' && isWordCharacter(before));
    const closes = !isSpace(before) && !(first === '_' && isWordCharacter(after));
    if (closes && (drop(token) || dropEach(open, token))) continue;
    if (opens && token.length <= 3) open.push({ mark: token, at: index });
  }
  return open;
}

/** A run that closes several marks at once, as in `**a *b***`. */
function dropEach(open: OpenMark[], run: string): boolean {
  let left = run.length;
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    if (last.mark[0] !== run[0] || last.mark.length > left) break;
    left -= last.mark.length;
    open.pop();
  }
  return left < run.length;
}

const LONG = 800;

/** A long paragraph in pieces: cut after a sentence, or at least between words, where no mark is open. */
export function cutParagraph(source: string): readonly string[] {
  const pieces: string[] = [];
  let rest = source;
  while (rest.length > LONG + LONG / 2) {
    const cut = cutAt(rest);
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...pieces, rest];
}

function cutAt(source: string): number {
  let limit = LONG;
  while (limit > LONG / 4) {
    const end = lastEnd(source, limit);
    const [outermost] = openMarks(source.slice(0, end));
    if (outermost === undefined) return end;
    limit = outermost.at;
  }
  return lastEnd(source, LONG);
}

/** After the last sentence, or else the last word, that ends before the limit. */
function lastEnd(source: string, limit: number): number {
  const within = source.slice(0, limit);
  const ends = [/[.!?…][)"'”’*_`]*\s+|[。！？]/g, /\s+/g].map((end) => {
    const last = [...within.matchAll(end)].at(-1);
    return last === undefined ? 0 : last.index + last[0].length;
  });
  const splitsPair = /[\ud800-\udbff]$/.test(within);
  return ends.find((end) => end > limit / 2) ?? (splitsPair ? limit - 1 : limit);
}
