import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIRST_FOLDER } from '../models/fixtures.test-support';
import { openSafetensors } from './safetensors';
import type { ByteSource } from './source';
import { memorySource } from './sources';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file of `header` and `data` zero bytes; `claimed` overrides the header length that is written. */
function fileOf(header: unknown, data: number, claimed?: bigint): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? encode(header) : encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const open = (header: unknown, data: number, claimed?: bigint) =>
  openSafetensors(memorySource('model.safetensors', fileOf(header, data, claimed)));

/** The message of the `safetensors-invalid` that opening must end in. */
async function refusal(header: unknown, data: number, claimed?: bigint): Promise<string> {
  const error: unknown = await open(header, data, claimed).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'EngineError', code: 'safetensors-invalid' });
  expect((error as Error).message).toContain('model.safetensors');
  return (error as Error).message;
}

const tensor = (dtype: unknown, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });
const A = tensor('F16', [2, 3], [0, 12]);
const B = tensor('F32', [2], [12, 20]);

describe('openSafetensors', () => {
  it('gives each tensor its place in the file, whatever the order of the header', async () => {
    const header = { __metadata__: { format: 'pt' }, b: B, a: A };
    const begin = 8 + JSON.stringify(header).length;
    const { source, tensors } = await open(header, 20);
    expect([...tensors.values()]).toEqual([
      { name: 'b', dtype: 'F32', shape: [2], source, begin: begin + 12, bytes: 8 },
      { name: 'a', dtype: 'F16', shape: [2, 3], source, begin, bytes: 12 },
    ]);
  });

  it('reads the header and nothing else', async () => {
    const bytes = fileOf({ a: A, b: B }, 20);
    const inner = memorySource('model.safetensors', bytes);
    const ranges: [number, number][] = [];
    const recording: ByteSource = {
      ...inner,
      read: (offset, length) => (ranges.push([offset, offset + length]), inner.read(offset, length)),
    };
    await openSafetensors(recording);
    expect(ranges).toEqual([
      [0, 8],
      [8, bytes.length - 20],
    ]);
  });

  it('opens the first checkpoint with its 56 tensors', async () => {
    const bytes = new Uint8Array(readFileSync(`${FIRST_FOLDER}model.safetensors`));
    const { tensors } = await openSafetensors(memorySource('model.safetensors', bytes));
    expect(tensors.size).toBe(56);
    expect(tensors.get('model.embed_tokens.weight')).toMatchObject({ dtype: 'BF16', shape: [1536, 128] });
  });

  it('takes scalars, empty tensors, packed dtypes, white space after the header and odd names', async () => {
    const header = {
      scalar: tensor('I64', [], [0, 8]),
      empty: tensor('F32', [0, 7], [8, 8]),
      packed: tensor('F4', [2, 3], [8, 11]),
      toString: tensor('BOOL', [1], [11, 12]),
      ['__proto__']: tensor('BOOL', [1], [12, 13]),
      '': tensor('BOOL', [1], [13, 14]),
    };
    const { tensors } = await open(`${JSON.stringify(header)} \r\t\n`, 14);
    expect([...tensors.values()].map((entry) => entry.bytes)).toEqual([8, 0, 3, 1, 1, 1]);
    expect((await open({}, 0)).tensors.size).toBe(0);
    expect((await open({ __metadata__: null }, 0)).tensors.size).toBe(0);
  });

  it('leaves a tensor of a dtype that the format does not have to whoever needs it', async () => {
    const { tensors } = await open({ a: A, newer: tensor('F12', [5], [12, 20]) }, 20);
    expect(tensors.get('newer')).toMatchObject({ dtype: 'F12', shape: [5], bytes: 8 });
    expect(await refusal({ a: A, newer: tensor('F12', [5], [12, 20]) }, 19)).toMatch(/cut short/);
  });

  it('refuses a header that is longer than the file, the format or the truth allows', async () => {
    await expect(openSafetensors(memorySource('model.safetensors', new Uint8Array(7)))).rejects.toThrow(
      /has 7 bytes/,
    );
    expect(await refusal({}, 0, 3n)).toContain('header of 3 bytes but has only 10');
    expect(await refusal({}, 0, 100_000_001n)).toContain('the format allows 100000000');
    expect(await refusal({}, 0, 1n << 63n)).toContain('9223372036854775808');
    const pointer = memorySource(
      'model.safetensors',
      new Uint8Array(encode('version https://git-lfs.github.com/spec/v1')),
    );
    await expect(openSafetensors(pointer)).rejects.toMatchObject({ code: 'safetensors-invalid' });
  });

  it.each([
    ['text that is not JSON', '{"a":', 'not JSON'],
    ['one brace', '{', 'not JSON'],
    ['JSON and more behind it', '{}{}', 'not JSON'],
    ['nothing', '', 'does not begin with {'],
    ['a list', '[]', 'does not begin with {'],
    ['null', 'null', 'does not begin with {'],
    ['white space before the object', '\t\n{}', 'does not begin with {'],
    ['a byte order mark before the object', '\ufeff{}', 'does not begin with {'],
    ['metadata with a number', { __metadata__: { format: 1 } }, '__metadata__ of {"format":1}'],
    ['metadata with null', { __metadata__: { format: null } }, '__metadata__'],
    ['metadata within metadata', { __metadata__: { format: { is: 'pt' } } }, '__metadata__'],
    ['a list of metadata', { __metadata__: ['pt'] }, '__metadata__'],
    ['metadata that is text', { __metadata__: 'pt' }, '__metadata__'],
    ['the same tensor twice', '{"a":{},"a":{}}', 'key "a" twice'],
    ['the same tensor in two spellings', '{"ab":{},"\\u0061b" :{}}', 'key "ab" twice'],
    [
      'two shapes of a tensor',
      '{"a":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}}',
      '"shape" twice',
    ],
    ['the same metadata twice', '{"__metadata__":{"format":"pt","format":"pt"}}', '"format" twice'],
    [
      'a million lists within lists',
      `{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`,
      'nests more than 128 deep',
    ],
  ])('refuses a header of %s', async (_, header, words) => {
    expect(await refusal(header, 0)).toContain(words);
  });

  it('refuses a header that is not UTF-8', async () => {
    const bytes = fileOf('{"a?":{}}', 0);
    bytes[10] = 0xff;
    await expect(openSafetensors(memorySource('model.safetensors', bytes))).rejects.toThrow(/not UTF-8/);
  });

  it.each([
    ['an entry that is no object', 7, '7 where an object'],
    ['no dtype', tensor(undefined, [1], [0, 4]), 'dtype undefined'],
    ['a dtype that is no name', tensor(['F32'], [1], [0, 4]), 'dtype ["F32"]'],
    ['an unknown dtype and offsets in reverse', tensor('F12', [1], [4, 0]), 'end before they begin'],
    ['no shape', tensor('F32', undefined, [0, 4]), 'shape undefined'],
    ['a negative size', tensor('F32', [-1], [0, 4]), 'shape [-1]'],
    ['two negative sizes, whose product is not', tensor('U8', [-2, -2], [0, 4]), 'shape [-2,-2]'],
    ['a broken size', tensor('F32', [1.5], [0, 6]), 'shape [1.5]'],
    ['a size in quotes', tensor('F32', ['1'], [0, 4]), 'shape ["1"]'],
    ['a size beyond the safe integers', tensor('F32', [2 ** 53], [0, 4]), 'shape [9007199254740992]'],
    ['a product beyond the safe integers', tensor('U8', [2 ** 40, 2 ** 40], [0, 4]), 'can be counted'],
    [
      'a product that rounds to a safe integer of bytes',
      tensor('F4', [3, 3002399751580331], [0, 4]),
      'can be counted',
    ],
    [
      'a product beyond all numbers, times zero',
      tensor('U8', [...Array<number>(40).fill(2 ** 52), 0], [0, 0]),
      'can be counted',
    ],
    [
      'elements that can be counted and bytes that cannot',
      tensor('F64', [2 ** 51], [0, 4]),
      'can be counted',
    ],
    ['half a byte', tensor('F4', [3], [0, 1]), 'whole bytes'],
    ['one offset', tensor('F32', [1], [4]), 'data_offsets [4]'],
    ['three offsets', tensor('F32', [1], [0, 4, 8]), 'data_offsets [0,4,8]'],
    ['offsets in reverse', tensor('F32', [1], [4, 0]), 'data_offsets [4,0], which end before they begin'],
    ['a negative offset', tensor('F32', [1], [-4, 0]), 'data_offsets [-4,0]'],
    ['an offset beyond the safe integers', tensor('U8', [4], [2 ** 64 - 4, 2 ** 64]), 'pair of byte counts'],
    ['too few bytes for its shape', tensor('F32', [2], [0, 4]), 'takes 8 bytes'],
    ['too many bytes for its shape', tensor('F16', [1], [0, 4]), 'takes 2 bytes'],
  ])('refuses a tensor with %s, by name', async (_, entry, words) => {
    const message = await refusal({ 'layer.weight': entry }, 4);
    expect(message).toContain('layer.weight');
    expect(message).toContain(words);
  });

  it('refuses tensors that overlap, also when they are equal', async () => {
    expect(await refusal({ a: A, b: tensor('F32', [2], [8, 16]) }, 16)).toMatch(/tensor b start .* inside a/);
    expect(await refusal({ a: A, b: A }, 12)).toMatch(/inside/);
  });

  it('refuses ten tensors that share their bytes', async () => {
    const entry = tensor('F32', [2, 2], [0, 16]);
    const header = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`weight_${i}`, entry]));
    expect(await refusal(header, 16)).toMatch(/weight_\d start at byte \d+, inside weight_\d/);
  });

  it('says a sentence, however long the name', async () => {
    const message = await refusal({ [`a${'b'.repeat(1e6)}`]: tensor('F32', [1], [0, 3]) }, 3);
    expect(message.length).toBeLessThan(400);
  });

  it('refuses holes, before the first tensor too', async () => {
    expect(await refusal({ a: A, b: tensor('F32', [2], [16, 24]) }, 24)).toMatch(/hole .* b starts/);
    expect(await refusal({ a: tensor('F32', [1], [4, 8]) }, 8)).toMatch(/hole .* a starts/);
  });

  it('refuses a file that is cut short or has bytes to spare', async () => {
    expect(await refusal({ a: A, b: B }, 19)).toMatch(/tensor b reaches .* cut short/);
    expect(await refusal({ a: A, b: B }, 21)).toMatch(/has 1 bytes after b/);
    expect(await refusal({}, 1)).toMatch(/has 1 bytes after the header/);
  });
});
