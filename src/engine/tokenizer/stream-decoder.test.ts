import { describe, expect, it } from 'vitest';
import type { TokenId } from '../shapes';
import { SENTENCE_PIECE, STRINGS, V, byteLevel, load, plain, wellFormed } from './samples';
import type { Tokenizer } from './tokenizer';

describe('streamDecoder', () => {
  /** Every piece that is given out for `ids`, the last by end(). */
  const stream = (tokenizer: Tokenizer, ids: readonly TokenId[]): string[] => {
    const decoder = tokenizer.streamDecoder();
    return [...ids.map((id) => decoder.push(id)), decoder.end()];
  };
  const sentencePiece = load(SENTENCE_PIECE);

  it.each([
    ['byte-level', byteLevel],
    ['SentencePiece', sentencePiece],
  ])('gives out exactly the text of a %s tokenizer in whole characters', (_, tokenizer) => {
    for (const text of STRINGS) {
      const ids = tokenizer.encode(text, plain);
      const pieces = stream(tokenizer, ids);
      expect(pieces.join('')).toBe(tokenizer.decode(ids));
      expect(pieces.every((piece) => wellFormed(piece) === piece)).toBe(true);
      if (!wellFormed(text).includes('\ufffd')) expect(pieces.join('')).not.toContain('\ufffd');
    }
  });

  it.each([
    ['byte-level', byteLevel, V],
    ['SentencePiece', sentencePiece, 280],
  ])('equals decode for ids of a %s tokenizer that come in any order', (_, tokenizer, size) => {
    let state = 7;
    const below = (n: number): number => (state = (state * 48271) % 2147483647) % n;
    for (let round = 0; round < 500; round += 1) {
      // Half of them from the bytes, where broken characters come from.
      const ids = Array.from({ length: below(40) }, () => below(below(2) ? 260 : size) as TokenId);
      expect(stream(tokenizer, ids).join('')).toBe(tokenizer.decode(ids));
    }
  });

  it('gives out a text as soon as its character is complete', () => {
    const bytes = byteLevel.encode('😀', plain);
    expect(bytes.length).toBeGreaterThan(1);
    expect(stream(byteLevel, bytes)).toEqual([...bytes.slice(1).map(() => ''), '😀', '']);
    expect(stream(byteLevel, byteLevel.encode('The fox', plain))[0]).not.toBe('');
  });

  it('keeps the space behind a special token', () => {
    const [a, b] = [...sentencePiece.encode('a', plain), ...sentencePiece.encode('b', plain)] as [
      TokenId,
      TokenId,
    ];
    expect(stream(sentencePiece, [a, 2 as TokenId, b])).toEqual(['a', '', ' b', '']);
  });

  it('goes on from earlier tokens: their text is not given out again, nor the next one taken for the first', () => {
    const ids = sentencePiece.encode('a b a b', plain);
    for (let at = 0; at <= ids.length; at++) {
      const decoder = sentencePiece.streamDecoder(ids.slice(0, at));
      const rest = [...ids.slice(at).map((id) => decoder.push(id)), decoder.end()].join('');
      expect(sentencePiece.decode(ids.slice(0, at)) + rest).toBe('a b a b');
    }
  });

  it('gives out a broken end, and begins anew', () => {
    const decoder = byteLevel.streamDecoder();
    const [first] = byteLevel.encode('😀', plain) as [TokenId];
    expect(decoder.push(first)).toBe('');
    expect(decoder.end()).toBe('\ufffd');
    expect(decoder.end()).toBe('');
    expect(
      byteLevel
        .encode('fox', plain)
        .map((id) => decoder.push(id))
        .join(''),
    ).toBe('fox');
  });

  it('takes about as long for the last token of a long answer as for the first', () => {
    const ids = byteLevel.encode('The keeper of the lighthouse. '.repeat(2000), plain);
    const decoder = byteLevel.streamDecoder();
    const time = (part: readonly TokenId[]): number => {
      const begin = performance.now();
      for (const id of part) decoder.push(id);
      return performance.now() - begin;
    };
    const quarter = Math.floor(ids.length / 4);
    time(ids.slice(0, quarter)); // warm
    const early = time(ids.slice(quarter, 2 * quarter));
    const late = time(ids.slice(3 * quarter));
    expect(late).toBeLessThan(5 * early + 20);
  });
});
