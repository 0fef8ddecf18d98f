import { expect, it } from 'vitest';
import { locateTokens } from './locate-tokens';

/** An engine whose tokens are the words of a prompt, each with the space before it. */
function engineWith(prompt: string, rewrite = (text: string) => text) {
  const tokens = prompt.match(/\s*\S+/g) ?? [];
  const promptText = async (from: number, to: number) => rewrite(tokens.slice(from, to).join(''));
  const at = (word: string, nth = 0) => {
    const index = tokens.flatMap((token, place) => (token.trim() === word ? [place] : []))[nth] ?? -1;
    return { from: index, to: index + 1 };
  };
  return { api: { promptText }, at, count: tokens.length };
}

const LEASE = { id: 'lease', text: 'The rent is due on the third. The deposit is due later.' };
const NOTES = { id: 'notes', text: 'The kitchen is large. The rent is high.' };
const PROMPT = `<|user|> # lease\n\n${LEASE.text}\n\n# notes\n\n${NOTES.text}\n\nWhat is the rent? <|assistant|>`;

const textOf = (place: Awaited<ReturnType<typeof locateTokens>>) => {
  const document = [LEASE, NOTES].find(({ id }) => id === place?.documentId);
  return (
    document &&
    `${document.id}:${document.text.slice(place?.range.from, place?.range.to)}@${place?.range.from}`
  );
};

it('finds the place in the document that tokens stand for, among several', async () => {
  const { api, at, count } = engineWith(PROMPT);
  const locate = async (word: string, nth?: number) =>
    textOf(await locateTokens(api, [LEASE, NOTES], at(word, nth), count));
  expect(await locate('due')).toBe('lease: due@11');
  expect(await locate('due', 1)).toBe('lease: due@44');
  expect(await locate('rent', 1)).toBe('notes: rent@25');
  expect(await locate('high.')).toBe('notes: high.@33');
});

it('finds none for the question, the template and a document that is gone', async () => {
  const { api, at, count } = engineWith(PROMPT);
  expect(await locateTokens(api, [LEASE, NOTES], at('What'), count)).toBeUndefined();
  expect(await locateTokens(api, [LEASE, NOTES], at('<|user|>'), count)).toBeUndefined();
  expect(await locateTokens(api, [LEASE], at('kitchen'), count)).toBeUndefined();
});

it('finds the nearest place of the same words where the tokenizer writes a text shorter than it was', async () => {
  const text = `${LEASE.text} ${LEASE.text}${' '.repeat(30)}It is high now, and high then.`;
  const spaced = { id: 'lease', text };
  const { api, at, count } = engineWith(`Q ${spaced.text} end`, (text) => text.replace(/ {2,}/g, ' '));
  const first = await locateTokens(api, [spaced], at('high'), count);
  expect(first?.range.from).toBe(text.indexOf(' high'));
  expect(text.slice(first?.range.from, first?.range.to)).toBe(' high');
});

it('marks what of a range lies in the document where it reaches beyond', async () => {
  const { api, at, count } = engineWith(PROMPT);
  const range = { from: at('later.').from, to: at('later.').to + 3 };
  const place = await locateTokens(api, [LEASE], range, count);
  expect(place?.range).toEqual({ from: LEASE.text.length - 7, to: LEASE.text.length });
});

it('tells documents with the same words apart by their order', async () => {
  const twice = [
    { id: 'a', text: LEASE.text },
    { id: 'b', text: LEASE.text },
  ];
  const { api, at, count } = engineWith(`# a\n\n${LEASE.text}\n\n# b\n\n${LEASE.text}\n\nWhy?`);
  const idOf = async (nth: number) => (await locateTokens(api, twice, at('deposit', nth), count))?.documentId;
  expect([await idOf(0), await idOf(1)]).toEqual(['a', 'b']);
});
