/** From tokens of the last prompt to the place in a document that they stand for. */
import type { EngineApi } from '../../protocol';
import type { AttachedDocument } from './conversation';
import type { TextRange } from './preview-store';

export interface DocumentPlace {
  readonly documentId: string;
  readonly range: TextRange;
}

type Reads = Pick<EngineApi, 'promptText'>;
type Documents = readonly Pick<AttachedDocument, 'id' | 'text'>[];

/** A document is found in the prompt by its beginning: tokenizers may write what follows a little differently. */
const BEGINNING = 64;
/** How far a tokenizer that rewrites characters (NFC, spaces) may have moved a place. */
const DRIFT = 400;

/**
 * Tokens `from`..`to` (to not included) of a prompt of `promptTokens`. Undefined where they stand for the question, the
 * template, or a document that is no longer there. Rejects as the engine does.
 */
export async function locateTokens(
  api: Reads,
  documents: Documents,
  { from, to }: TextRange,
  promptTokens: number,
): Promise<DocumentPlace | undefined> {
  const [whole, before, inside] = await Promise.all([
    api.promptText(0, promptTokens),
    api.promptText(0, from),
    api.promptText(from, to),
  ]);
  let searched = 0;
  for (const { id, text } of documents) {
    const start = whole.indexOf(text.slice(0, BEGINNING), searched);
    if (start === -1) continue;
    const offset = before.length - start;
    if (offset + inside.length > 0 && offset < text.length) {
      return { documentId: id, range: placeIn(text, offset, inside) };
    }
    searched = start + text.length;
  }
  return undefined;
}

/** Where `inside` stands nearest to `offset`; there itself where it cannot be found, or says nothing. */
function placeIn(text: string, offset: number, inside: string): TextRange {
  const at = Math.max(0, offset);
  const within = { from: at, to: Math.min(text.length, Math.max(at, offset + inside.length)) };
  if (inside.trim() === '' || text.startsWith(inside, at)) return within;
  const near = text.slice(Math.max(0, at - DRIFT), at + inside.length + DRIFT);
  const base = Math.max(0, at - DRIFT);
  let found: number | undefined;
  for (let next = near.indexOf(inside); next !== -1; next = near.indexOf(inside, next + 1)) {
    const place = base + next;
    if (found === undefined || Math.abs(place - at) < Math.abs(found - at)) found = place;
  }
  return found === undefined ? within : { from: found, to: found + inside.length };
}
