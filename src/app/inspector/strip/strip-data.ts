/** The strip as numbers: the prompt in columns, and what each layer and KV head keeps of a column. */
import type { SelectionReport } from '../../../protocol';

export interface Strip {
  /** Share of a column's tokens that went on past T. [columns] */
  readonly propagated: Float32Array;
  /** Share of a column's pairs of token and KV head that the layer keeps. [L][columns] */
  readonly kept: readonly Float32Array[];
}

/** Tokens `from`..`to`, `to` not included. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/** Tokens of a column; at least one, as there are never more columns than tokens. */
export function tokensOf(column: number, columns: number, promptTokens: number): TokenRange {
  return {
    from: Math.floor((column * promptTokens) / columns),
    to: Math.floor(((column + 1) * promptTokens) / columns),
  };
}

/** The column that a position falls in: the inverse of `tokensOf`. */
export function columnOf(position: number, columns: number, promptTokens: number): number {
  return Math.ceil(((position + 1) * columns) / promptTokens) - 1;
}

export function stripOf(report: SelectionReport, layers: number, columns: number): Strip {
  const { promptTokens, propagated, kept } = report;
  const shareOf = (lists: readonly Uint32Array[]): Float32Array => {
    const shares = new Float32Array(columns);
    for (const positions of lists) {
      for (const position of positions) shares[columnOf(position, columns, promptTokens)]! += 1;
    }
    return shares.map((count, column) => {
      const { from, to } = tokensOf(column, columns, promptTokens);
      return count / ((to - from) * lists.length);
    });
  };
  const all = () => new Float32Array(columns).fill(1);
  return {
    propagated: propagated === undefined ? all() : shareOf([propagated]),
    kept: Array.from({ length: layers }, (_, layer) => {
      const heads = kept?.[layer];
      return heads === undefined ? all() : shareOf(heads);
    }),
  };
}

/** How many of ascending positions fall into a range. */
export function countIn(positions: Uint32Array, { from, to }: TokenRange): number {
  return firstAtLeast(positions, to) - firstAtLeast(positions, from);
}

function firstAtLeast(positions: Uint32Array, bound: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tokens that at least one layer and KV head keeps. */
export function keptAnywhere({ promptTokens, kept }: SelectionReport): number {
  if (kept === undefined) return promptTokens;
  const seen = new Uint8Array(promptTokens);
  for (const heads of kept)
    for (const positions of heads) for (const position of positions) seen[position] = 1;
  return seen.reduce((sum, flag) => sum + flag, 0);
}

/** A row of the strip: which tokens went on past T, or what one layer keeps. */
export type Row = 'propagated' | number;

/** What can be said of some tokens in a row. */
export interface Cell {
  readonly row: Row;
  readonly range: TokenRange;
  /** Of the range's tokens, how many each KV head keeps; in row `propagated` one number, how many went on. */
  readonly counts: readonly number[];
}

export function cellAt(report: SelectionReport, row: Row, range: TokenRange, kvHeads: number): Cell {
  const all = range.to - range.from;
  if (row === 'propagated') {
    return {
      row,
      range,
      counts: [report.propagated === undefined ? all : countIn(report.propagated, range)],
    };
  }
  const heads = report.kept?.[row];
  return {
    row,
    range,
    counts:
      heads === undefined
        ? new Array<number>(kvHeads).fill(all)
        : heads.map((positions) => countIn(positions, range)),
  };
}
