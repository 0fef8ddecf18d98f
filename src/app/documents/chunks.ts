/** A long text cut into stretches that are laid out one by one, so that opening megabytes takes no longer than a page. */

export interface Chunk {
  readonly from: number;
  /** Not included. */
  readonly to: number;
  /** Number of the page whose mark stands at `from`. */
  readonly page: number | undefined;
}

const LONGEST = 8192;

/** They join up to the whole text. A page's mark begins one; else they end with a line wherever lines are short enough. */
export function chunksOf(text: string, pages: readonly number[] = []): readonly Chunk[] {
  const starts = pages.length > 0 ? pages : [0];
  return starts.flatMap((start, index) => {
    const page = pages.length > 0 ? index + 1 : undefined;
    return cut(text, start, starts[index + 1] ?? text.length, page);
  });
}

function cut(text: string, start: number, end: number, page: number | undefined): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let from = start;
  while (from < end || chunks.length === 0) {
    const to = endOf(text, from, end);
    chunks.push({ from, to, page: from === start ? page : undefined });
    from = to;
  }
  return chunks;
}

function endOf(text: string, from: number, end: number): number {
  if (end - from <= LONGEST) return end;
  const lineEnd = text.lastIndexOf('\n', from + LONGEST - 1);
  if (lineEnd >= from) return lineEnd + 1;
  const cutAt = from + LONGEST;
  const splitsPair = /[\udc00-\udfff]/.test(text[cutAt] ?? '');
  return splitsPair ? cutAt - 1 : cutAt;
}
