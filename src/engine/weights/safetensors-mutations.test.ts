/** Headers that nobody wrote by hand: good ones with random damage. */
import { expect, it } from 'vitest';
import { EngineError } from '../errors';
import { encode, watched, withHeader } from './files.test-support';
import { openSafetensors, type SafetensorsFile } from './safetensors';

/** mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const HEADER = JSON.stringify({
  __metadata__: { format: 'pt', made_by: 'größe "\\" 😀' },
  'model.embed_tokens.weight': { dtype: 'BF16', shape: [6, 4], data_offsets: [0, 48] },
  'model.layers.0.mlp.up_proj.weight': { dtype: 'F32', shape: [3, 4], data_offsets: [48, 96] },
  scalar: { dtype: 'I64', shape: [], data_offsets: [96, 104] },
  empty: { dtype: 'F32', shape: [0, 7], data_offsets: [104, 104] },
  packed: { dtype: 'F4', shape: [2, 4], data_offsets: [104, 108] },
  'model.norm.weight': { dtype: 'F16', shape: [4], data_offsets: [108, 116] },
});
const DATA = 116;

/** What tends to break parsers, in place of a number, a string or anything else. */
const PIECES = (
  '0|-0|-1|1|4|116|117|9007199254740991|9007199254740993|18446744073709551615|1e308|1e999|0.5|null|true|""|[]|{}|' +
  '[0,0]|"F4"|"F16"|"F99"|"\\ud800"|"\\u0000"|"__metadata__":{},|"scalar":{},|,|:|{|}|[|]|"|\\| |\ufeff|[[[[[[[['
).split('|');

type Damage = (text: string, random: (below: number) => number) => string;

const swap = (text: string, at: number, to: number, by: string): string =>
  text.slice(0, at) + by + text.slice(to);

const NUMBERS: Damage = (text, random) => replaceMatch(text, /-?\d+/g, random);
const WORDS: Damage = (text, random) => replaceMatch(text, /"[^"]*"/g, random);
const REPEAT: Damage = (text, random) => {
  const [at, from] = [random(text.length), random(text.length)];
  return swap(text, at, at, text.slice(from, from + random(60)));
};
/** An entry more, somewhere in the list. */
const ENTRY: Damage = (text, random) => {
  const entries = text.slice(1, -1).split(/(?<=}),/);
  entries.splice(random(entries.length + 1), random(2), entries[random(entries.length)]!);
  return `{${entries.join()}}`;
};

/** A tensor that lies elsewhere, as long as before. */
const MOVE: Damage = (text, random) => {
  const places = [...text.matchAll(/\[(\d+),(\d+)\]\}/g)];
  const match = places[random(Math.max(1, places.length))];
  if (!match) return text;
  const by = Math.max(-Number(match[1]), random(17) - 8);
  const moved = `[${Number(match[1]) + by},${Number(match[2]) + by}]}`;
  return swap(text, match.index, match.index + match[0].length, moved);
};
/** Anything in place of an entry. */
const VALUE: Damage = (text, random) => replaceMatch(text, /(?<=:)\{[^{}]*\}/g, random);

/** Damage to the header's text: most of it leaves JSON, so that the later checks have something to do. */
const DAMAGES: readonly Damage[] = [
  NUMBERS,
  NUMBERS,
  NUMBERS,
  NUMBERS,
  WORDS,
  WORDS,
  ENTRY,
  ENTRY,
  MOVE,
  VALUE,
  REPEAT,
  (text, random) => text + ' '.repeat(random(9)),
  (text, random) => swap(text, random(text.length), text.length, ''),
  (text, random) => swap(text, 0, random(text.length), ''),
  (text, random) => replaceMatch(text, /[[\]{},:]/g, random),
  (text, random) => {
    const at = random(text.length);
    return swap(text, at, at + 1 + random(20), '');
  },
];

function replaceMatch(text: string, what: RegExp, random: (below: number) => number): string {
  const found = [...text.matchAll(what)];
  const match = found[random(Math.max(1, found.length))];
  if (!match) return text;
  return swap(text, match.index, match.index + match[0].length, PIECES[random(PIECES.length)]!);
}

/** A good file damaged in one place or two: in its header's text or bytes, its length field, at its end. */
function mutation(seed: number): Uint8Array<ArrayBuffer> {
  const random = randomOf(seed);
  const whole = random(8);
  const damage = (text: string) => DAMAGES[random(DAMAGES.length)]!(text, random);
  let text = whole < 6 ? damage(HEADER) : HEADER;
  if (random(3) === 0) text = damage(text);
  const header = encode(text);
  if (whole === 6) header[random(header.length)] = random(256);
  const data = new Uint8Array(whole === 7 && random(3) === 0 ? random(2 * DATA) : DATA);
  const file = withHeader(header, [data]);
  if (whole === 7 && random(3) === 0) file[random(8)] = random(256);
  return whole === 7 && random(3) === 0 ? file.slice(0, random(file.length)) : file;
}

/** What the header promises is true of the file. */
function expectSound({ source, tensors }: SafetensorsFile): void {
  const places = [...tensors.values()].sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  for (const [i, { begin, bytes, shape }] of places.entries()) {
    expect(begin + bytes).toBe(places[i + 1]?.begin ?? source.size);
    expect([begin, bytes, ...shape].every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true);
  }
}

/** Each is found in at least ten of the refusals, so that every check has had its share of the damage. */
const REASONS = [
  /claims a header of \d+ bytes but/,
  /claims a header of \d+ bytes; the format/,
  /does not begin with \{/,
  /not UTF-8/,
  /is not JSON/,
  /twice/,
  /has a __metadata__/,
  /where an object is needed/,
  /the dtype .* where a name is needed/s,
  /the shape .* where a list of counts is needed/s,
  /where a pair of byte counts is needed/,
  /end before they begin/,
  /can be counted/,
  /takes \d+ bytes/,
  / inside /,
  /leaves a hole/,
  /is cut short/,
  /bytes after/,
];

it('opens or refuses 10,000 damaged files, each refusal a sentence with a code, reading nothing beyond their ends', async () => {
  const refusals: string[] = [];
  for (let seed = 0; seed < 10_000; seed++) {
    const bytes = mutation(seed);
    const source = watched('model.safetensors', bytes, (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length) throw new Error('out of range');
    });
    try {
      expectSound(await openSafetensors(source));
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw new Error(`seed ${seed}`, { cause: thrown });
      expect(thrown.code, `seed ${seed}`).toBe('safetensors-invalid');
      expect(thrown.message, `seed ${seed}`).toMatch(/^(The header of )?model\.safetensors .{10,}\.$/su);
      refusals.push(thrown.message);
    }
  }
  expect(10_000 - refusals.length).toBeGreaterThan(1000);
  for (const reason of REASONS) {
    expect(refusals.filter((message) => reason.test(message)).length, `${reason}`).toBeGreaterThanOrEqual(10);
  }
}, 20_000);
