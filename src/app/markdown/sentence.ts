import type { Block } from './blocks';
import { listMarkerOf } from './lines';

type Prose = Extract<Block, { kind: 'prose' }>;

/** No list counts so far; a sentence may begin with a year. */
const MOST = 999;

/**
 * What only looks like a list: the answer "2015.", which Markdown takes for an item without words, and a lone line that begins with such a
 * number. Until nothing is to follow, an item without words may yet get some.
 */
export function sentenceFor(block: Prose, growing: boolean): Prose {
  const [line = '', ...others] = block.pieces;
  const isList = block.container === 'ol' || block.container === 'ul';
  if (!isList || others.length > 0 || line.includes('\n')) return block;
  const marker = listMarkerOf(line);
  if (marker === undefined || !((marker.isEmpty && !growing) || (marker.number ?? 0) > MOST)) return block;
  return {
    kind: 'prose',
    container: undefined,
    pieces: [line.replace(/^( *\d*)([-*+.)])/, String.raw`$1\$2`)],
  };
}
