/**
 * Formulas as models write them, in the one way that remark-math is asked to read, `$$…$$`. Left alone: code, and dollars that are
 * prices. Read in this order:
 */
const PATTERNS = [
  /(`+)[\s\S]*?(?<!`)\1(?!`)/, // code, which stays
  /^(?<indent>[ \t>]*)(?:\\\[|\$\$)(?<display>(?:(?!\$\$|\\\]).)*)(?:\\\]|\$\$)[ \t]*$/, // alone on its line
  /^(?<markIndent>[ \t>]*)\\[[\]][ \t]*$/, // a mark alone on its line
  /\$\$[\s\S]*?\$\$/, // as it should be
  /\\\((?<round>[\s\S]+?)\\\)/,
  /\\\[(?<square>[\s\S]+?)\\\]/, // within a sentence
  // As Pandoc reads it: no space within, and neither letter nor digit around, so that $5 and $10 are prices.
  /(?<![\\$\p{L}\p{N}])\$(?<dollar>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\p{L}\p{N}$])/u,
];
const FORMULA = new RegExp(PATTERNS.map(({ source }) => source).join('|'), 'gmu');

type Found = Partial<Record<'indent' | 'display' | 'markIndent' | 'round' | 'square' | 'dollar', string>>;

/** The same Markdown with every formula between `$$`. */
export function mathSource(source: string): string {
  return source.replace(FORMULA, (whole: string, ...groups: unknown[]) => {
    const { indent, display, markIndent, round, square, dollar } = groups.at(-1) as Found;
    if (indent !== undefined && display !== undefined)
      return [`${indent}$$`, `${indent}${display.trim()}`, `${indent}$$`].join('\n');
    if (markIndent !== undefined) return `${markIndent}$$`;
    const tex = round ?? square ?? dollar;
    return tex === undefined ? whole : `$$${tex.trim()}$$`;
  });
}

export const hasMath = (source: string): boolean =>
  /\$|\\[([]/.test(source) &&
  mathSource(source)
    .replace(/(`+)[\s\S]*?(?<!`)\1(?!`)/g, '')
    .includes('$$');
