import type { Block } from './blocks';

/** `[label]: address "title"`, anywhere in the answer; `[^label]` is a footnote. */
const DEFINITION = /^ {0,3}\[(?!\^)((?:[^[\]\\]|\\.)+)\]:[ \t]*\S.*$/gm;
const LABEL = /\[((?:[^[\]\\]|\\.)+)\]/g;
const normal = (label: string): string => label.trim().replace(/\s+/g, ' ').toLowerCase();

/** Gives each piece the addresses that its links name, wherever in the answer those stand. */
export function withDefinitions(blocks: readonly Block[], text: string): readonly Block[] {
  if (!text.includes(']:')) return blocks;
  const known = new Map<string, string>();
  for (const [line, label = ''] of text.matchAll(DEFINITION)) {
    if (!known.has(normal(label))) known.set(normal(label), line.trim());
  }
  if (known.size === 0) return blocks;
  const complete = (piece: string): string => {
    const used = new Set<string>();
    for (const [, label = ''] of piece.matchAll(LABEL)) {
      const definition = known.get(normal(label));
      if (definition !== undefined && !piece.includes(definition)) used.add(definition);
    }
    return used.size === 0 ? piece : `${piece}\n\n${[...used].join('\n')}`;
  };
  return blocks.map((block) =>
    block.kind === 'prose' ? { ...block, pieces: block.pieces.map(complete) } : block,
  );
}
