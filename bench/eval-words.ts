/**
 * What the demo model's documents are made of, in the words that it was trained on (training/words.json, which training/facts.py
 * reads too): kinds of things, what can be said and asked of them, and sentences that say nothing. Names, numbers and places
 * are drawn at random, so that an answer can only come from the document.
 */
import words from '../training/words.json';

/** A seeded source of choices. */
export interface Random {
  /** From 0 to below n. */
  below(n: number): number;
  from<Item>(items: readonly Item[]): Item;
}

/** mulberry32: small, and good enough to draw words. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const below = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
  return { below, from: (items) => items[below(items.length)]! };
}

/** Forms with {thing} and {value}. */
export interface Attribute {
  /** What is drawn. */
  readonly value: string;
  readonly facts: readonly string[];
  readonly questions: readonly string[];
  readonly answer: string;
}

export interface Kind {
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

export const KINDS: readonly Kind[] = Object.values(words.kinds).map(({ name, attributes }) => ({
  name,
  attributes: Object.values(attributes),
}));

const LISTS = new Map(Object.entries(words.lists).map(([name, list]) => [name, list.split(',')]));
const NAMES = new Map(Object.entries(words.names));

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const digits = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.below(10)).join('');
const letter = (random: Random): string => random.from('ABCDEFGHKLMNPRSTVWXZ'.split(''));

const NUMBERS = new Map<string, (random: Random) => string>([
  ['year', (random) => `${1500 + random.below(521)}`],
  ['number', (random) => `${11 + random.below(989)}`],
  ['code', (random) => digits(random, 4 + random.below(3))],
  ['serial', (random) => `${letter(random)}${letter(random)}-${digits(random, 3)}`],
]);

/** One of a list, a number, or a name made of others. */
export function draw(random: Random, name: string): string {
  const list = LISTS.get(name);
  return list ? random.from(list) : (NUMBERS.get(name)?.(random) ?? fill(random, NAMES.get(name)!));
}

/** `form` with what its braces name drawn; capitalised where their name is. */
export function fill(random: Random, form: string): string {
  return form.replace(/\{(\w+)\}/g, (_, name: string) => {
    const drawn = draw(random, name.charAt(0).toLowerCase() + name.slice(1));
    return /^[A-Z]/.test(name) ? capitalised(drawn) : drawn;
  });
}
