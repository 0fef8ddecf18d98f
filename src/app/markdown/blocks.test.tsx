import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { AnswerText } from './answer-text';
import { splitBlocks, type Block } from './blocks';
import { ParsedProse } from './prose';
import { ANSWERS } from './samples.test-support';

const markup = (part: React.ReactNode) => renderToStaticMarkup(part);
/** Paragraphs within items say only how far apart items stand, which a piece cannot know of the others. */
const plain = (html: string) =>
  html
    .replace(/>\s+</g, '><')
    .replace(/\s+/g, ' ')
    .replace(/<li[^>]*>.*?<\/li>/g, (item) => item.replace(/<\/?p>/g, ' '))
    .replace(/<\/tbody><tbody>/g, '')
    .replaceAll(' class="contains-task-list"', '')
    .replace(/>\s+</g, '><');
const drawn = (text: string) =>
  plain(markup(<AnswerText text={text} running={false} />).replace(/^<div[^>]*>|<\/div>$/g, ''));
const whole = (text: string) => plain(markup(<ParsedProse source={text} />));
const prose = (block: Block | undefined) => {
  if (block?.kind !== 'prose') throw new Error('no prose');
  return block;
};

describe('an answer in blocks', () => {
  for (const [name, text] of Object.entries(ANSWERS)) {
    it(`says what the whole says: ${name}`, () => {
      expect(drawn(text)).toBe(whole(text));
    });

    // An address may be given later than the link that names it, and changes that then.
    if (text.includes(']:')) continue;
    it(`never changes a block before the last two as it grows: ${name}`, () => {
      let before = splitBlocks('');
      for (let end = 1; end <= text.length; end += 1) {
        const now = splitBlocks(text.slice(0, end));
        const settled = before.slice(0, -2);
        expect(now.slice(0, settled.length)).toEqual(settled);
        before = now;
      }
    });
  }
});

it('parses no settled piece of a long block again as it grows', () => {
  for (const name of ['wide', 'long', 'longList'] as const) {
    const text = ANSWERS[name] ?? '';
    let before: readonly string[] = [];
    let most = 0;
    for (let end = 40; end <= text.length; end += 7) {
      const { pieces } = prose(splitBlocks(text.slice(0, end)).at(-1));
      const settled = before.slice(0, -1);
      expect(pieces.slice(0, settled.length)).toEqual(settled);
      most = Math.max(most, pieces.at(-1)?.length ?? 0);
      before = pieces;
    }
    expect(before.length, name).toBeGreaterThan(2);
    expect(most, name).toBeLessThan(2000);
  }
});

it('cuts a long paragraph where nothing is open', () => {
  const text = `${'word '.repeat(200)}**${'bold '.repeat(100)}end** ${'word '.repeat(400)}`;
  const { pieces, container } = prose(splitBlocks(text)[0]);
  expect(container).toBe('p');
  expect(pieces.join('').trim()).toBe(text.trim());
  for (const piece of pieces) expect((piece.match(/\*\*/g) ?? []).length % 2).toBe(0);
});

it('knows whether code has ended', () => {
  const open = splitBlocks('```py\nprint(1)\n``');
  expect(open).toEqual([{ kind: 'code', language: 'py', text: 'print(1)\n``', closed: false }]);
  expect(splitBlocks('```py\nprint(1)\n```')[0]).toMatchObject({ text: 'print(1)', closed: true });
});

it('finds formulas that stand in lines of their own, however they are marked', () => {
  for (const source of ['$$\na+b\n$$', '$$a+b$$', '\\[\na+b\n\\]', '\\[ a+b \\]']) {
    expect(splitBlocks(`So\n${source}\nthen.`)[1]).toEqual({
      kind: 'formula',
      tex: 'a+b',
      source,
      closed: true,
    });
  }
  expect(splitBlocks('$$\na+')[0]).toMatchObject({ kind: 'formula', closed: false });
  expect(splitBlocks('$$a$$ is a letter')[0]).toMatchObject({ kind: 'prose' });
  expect(splitBlocks('$$\nnever ends\n\nNext.')[1]).toMatchObject({ kind: 'prose', pieces: ['Next.'] });
});
