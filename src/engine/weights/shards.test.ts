import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeFolder } from '../../../tools/node-folder';
import type { EngineErrorCode } from '../../protocol';
import {
  encode,
  encodeJson,
  filesOf,
  INDEX,
  memoryFolder,
  readSafetensors,
  sharded,
  shardName,
  watched,
  without,
  writeSafetensors,
  type Files,
  type Tensor,
} from './files.test-support';
import { openWeights, type WeightFiles } from './shards';
import { httpFolder } from './sources';

const whole = filesOf('src/engine/models/fixtures/llama-bf16');
const tensors = readSafetensors(whole['model.safetensors']!);
const three = sharded(whole, 3);
const [A, B, C] = [0, 1, 2].map((i) => shardName(i, 3)) as [string, string, string];

/** The tensors with their bytes, read through their entries. */
async function readAll(weights: WeightFiles): Promise<Tensor[]> {
  const all = [...weights.tensors.values()].map(async ({ name, dtype, shape, source, begin, bytes }) => {
    return { name, dtype, shape, data: await source.read(begin, bytes) };
  });
  const order = tensors.map(({ name }) => name);
  return (await Promise.all(all)).sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

const reversed = (files: Files): Files => Object.fromEntries(Object.entries(files).reverse());

const invalid = 'safetensors-invalid';
const refusal = (code: EngineErrorCode, words: RegExp) => ({
  name: 'EngineError',
  code,
  message: expect.stringMatching(words),
});

describe('openWeights', () => {
  it.each([
    ['one file', memoryFolder(whole)],
    ['one file on a web host', memoryFolder(whole, { list: false })],
    ['shards with an index', memoryFolder(three)],
    ['shards with an index on a web host', memoryFolder(three, { list: false })],
    ['shards without an index', memoryFolder(without(three, INDEX))],
    ['shards without an index, listed last first', memoryFolder(reversed(without(three, INDEX)))],
    ['shards with an index, listed last first', memoryFolder(reversed(three))],
    ['as many shards as tensors', memoryFolder(without(sharded(whole, tensors.length), INDEX))],
    ['a single shard', memoryFolder(without(sharded(whole, 1), INDEX))],
  ])('gives every tensor with its bytes from %s', async (_, folder) => {
    expect(await readAll(await openWeights(folder))).toEqual(tensors);
  });

  it('puts the shards in order of their names, whatever the order of index and list', async () => {
    for (const files of [three, reversed(three), reversed(without(three, INDEX))]) {
      const { sources } = await openWeights(memoryFolder(files));
      expect(sources.map(({ name }) => name)).toEqual([A, B, C]);
    }
    const map = Object.fromEntries(tensors.map(({ name }, i) => [name, [C, A, B][i % 3]]));
    const names = { [A]: three[B]!, [B]: three[C]!, [C]: three[A]! };
    const { sources } = await openWeights(
      memoryFolder({ ...names, [INDEX]: encodeJson({ weight_map: map }) }),
    );
    expect(sources.map(({ name }) => name)).toEqual([A, B, C]);
  });

  it('reads the headers and nothing else', async () => {
    let read = 0;
    const open = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
      watched(name, bytes, (_, length) => (read += length));
    await openWeights(memoryFolder(three, { open }));
    const headers = [A, B, C].map(
      (name) => 8 + Number(new DataView(three[name]!.buffer).getBigUint64(0, true)),
    );
    expect(read).toBe(headers.reduce((a, b) => a + b));
  });

  it('takes shards in a folder below, under any name that the index gives them', async () => {
    const names: Record<string, string> = {
      [A]: 'weights/a b.safetensors',
      [B]: 'b.safetensors',
      [C]: 'c..d.safetensors',
    };
    const map = Object.fromEntries(tensors.map(({ name }, i) => [name, names[[A, B, C][i % 3]!]]));
    const shards: Files = Object.fromEntries([A, B, C].map((name) => [names[name]!, three[name]!]));
    const folder = memoryFolder({ ...shards, [INDEX]: encodeJson({ weight_map: map }) });
    expect(await readAll(await openWeights(folder))).toEqual(tensors);
  });

  it('prefers model.safetensors to shards beside it, as transformers does', async () => {
    const { sources } = await openWeights(memoryFolder({ ...three, ...whole }));
    expect(sources.map(({ name }) => name)).toEqual(['model.safetensors']);
  });
});

const some = tensors.slice(0, 3);
const [first, second, third] = some as [Tensor, Tensor, Tensor];
const index = (map: unknown): Files => ({ [INDEX]: encodeJson({ weight_map: map }) });
const placed = (...places: [Tensor, string][]): Files =>
  index(Object.fromEntries(places.map(([{ name }, file]) => [name, file])));
const AB: Files = { [A]: writeSafetensors([first]), [B]: writeSafetensors([second]) };

const REFUSED: [what: string, files: Files, code: EngineErrorCode, words: RegExp][] = [
  [
    'nothing',
    {},
    'file-missing',
    /no model\.safetensors in the folder, and no model\.safetensors\.index\.json/,
  ],
  [
    'an index that names an absent shard',
    without(three, B),
    'file-missing',
    /no model-00002-of-00003\.safetensors in the folder, in which .*index\.json places model\.\S+ and \d+ more/,
  ],
  [
    'an index that names an absent shard for one tensor',
    { ...AB, ...placed([first, A], [third, C]) },
    'file-missing',
    new RegExp(`no model-00003-of-00003.safetensors in .* places ${third.name}\\. Add`),
  ],
  [
    'a shard that lacks a tensor which the index promises it',
    { ...AB, ...placed([first, A], [second, B], [third, B]) },
    'tensor-missing',
    new RegExp(
      `^model-00002-of-00003.safetensors lacks the tensor ${third.name}, which model.safetensors.index.json`,
    ),
  ],
  [
    'an index that takes one shard for another',
    { ...AB, ...placed([first, B], [second, A]) },
    'tensor-missing',
    new RegExp(`^model-00001-of-00003.safetensors lacks the tensor ${second.name},`),
  ],
  [
    'a tensor in two shards of an index',
    {
      [A]: writeSafetensors([first]),
      [B]: writeSafetensors([first, second]),
      ...placed([first, A], [second, B]),
    },
    invalid,
    new RegExp(
      `${first.name} is in model-00001-of-00003.safetensors and in model-00002-of-00003.safetensors`,
    ),
  ],
  [
    'a tensor in two shards of a set',
    { ...AB, [C]: writeSafetensors([third, second]) },
    invalid,
    new RegExp(
      `${second.name} is in model-00002-of-00003.safetensors and in model-00003-of-00003.safetensors`,
    ),
  ],
  [
    'a set that lacks a shard',
    AB,
    'file-missing',
    /no model-00003-of-00003\.safetensors in .* holds 2 of the model's 3 shards/,
  ],
  [
    'a set of which one shard is there',
    { [B]: writeSafetensors([first]) },
    'file-missing',
    /no model-00001-of-00003\.safetensors and 1 more in .* 1 of the model's 3/,
  ],
  [
    'shards of two sets',
    { ...AB, [shardName(0, 1)]: writeSafetensors(some) },
    invalid,
    /both model-00001-of-00003\.safetensors and model-00001-of-00001\.safetensors/,
  ],
  [
    'a fourth shard of three',
    { [shardName(3, 3)]: writeSafetensors(some) },
    invalid,
    /holds model-00004-of-00003/,
  ],
  ['a shard of none', { [shardName(0, 0)]: writeSafetensors(some) }, invalid, /holds model-00001-of-00000/],
  [
    'a damaged shard',
    { ...three, [B]: three[B]!.slice(0, -1) },
    invalid,
    /model-00002-of-00003\.safetensors .*cut short/,
  ],
  [
    'an index that breaks off',
    { ...AB, [INDEX]: encode('{"weight_map":') },
    invalid,
    /index\.json is not JSON/,
  ],
  [
    'an index that places a tensor twice',
    { ...AB, [INDEX]: encode(`{"weight_map":{"a":"${A}","a":"${B}"}}`) },
    invalid,
    /index\.json has the key "a" twice/,
  ],
  [
    'an index of 50,000 tensors, without taking long',
    { ...AB, ...index(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`t${i}`, A]))) },
    'tensor-missing',
    /lacks the tensor t0 and 49999 more/,
  ],
  ['an index that is a list', { ...AB, [INDEX]: encode('[]') }, invalid, /index\.json holds \[\]/],
  ['an index without a map', { ...AB, [INDEX]: encode('{}') }, invalid, /weight_map undefined/],
  ['an index of nothing', { ...AB, ...index({}) }, invalid, /weight_map \{\}/],
  ['an index that is a list of files', { ...AB, ...index([A, B]) }, invalid, /weight_map \["model/],
  [
    'an index that is not UTF-8',
    { ...AB, [INDEX]: Uint8Array.of(0xff) },
    'file-unreadable',
    /index\.json .*not UTF-8/,
  ],
  ...[
    7,
    null,
    '',
    A.slice(0, -12),
    '../a.safetensors',
    '/a.safetensors',
    'a/../b.safetensors',
    './a.safetensors',
    'a//b.safetensors',
    'http://a/b.safetensors',
    'a.safetensors?x',
    'a\\b.safetensors',
    '%2e%2e/a.safetensors',
    '.safetensors/..',
  ].map((file): [string, Files, EngineErrorCode, RegExp] => [
    `an index that places a tensor in ${JSON.stringify(file)}`,
    { ...AB, ...index({ [first.name]: file }) },
    invalid,
    new RegExp(`${first.name} is in .* where a .safetensors file of this folder is needed`),
  ]),
];

describe('openWeights refuses', () => {
  it.each(REFUSED)('%s, naming file and tensor', async (_, files, code, words) => {
    await expect(openWeights(memoryFolder(files))).rejects.toMatchObject(refusal(code, words));
  });

  it('shards without an index where the folder cannot list them', async () => {
    const folder = memoryFolder(without(three, INDEX), { list: false });
    await expect(openWeights(folder)).rejects.toMatchObject(
      refusal('file-missing', /no model\.safetensors in /),
    );
  });
});

describe('openWeights on a disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'shards-'));
  for (const [name, bytes] of Object.entries(three)) writeFileSync(join(dir, name), bytes);
  afterAll(() => rmSync(dir, { recursive: true }));

  it('finds shards with the index and without it', async () => {
    expect(await readAll(await openWeights(nodeFolder(dir)))).toEqual(tensors);
    rmSync(join(dir, INDEX));
    expect(await readAll(await openWeights(nodeFolder(dir)))).toEqual(tensors);
  });
});

describe('openWeights over HTTP', () => {
  const many = sharded(whole, tensors.length);
  const listening: { close(): void }[] = [];
  afterAll(() => listening.forEach((server) => server.close()));

  /** A web host of the files; `send` ends the answer to a GET or leaves it open. */
  async function host(send: (response: ServerResponse, bytes: Uint8Array) => void): Promise<string> {
    const server = createServer(({ method, url = '' }, response) => {
      const bytes = many[url.slice(1)];
      if (!bytes) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-length': bytes.length });
      if (method === 'HEAD') response.end();
      else send(response, bytes);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    listening.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('finds what the index names', async () => {
    const base = await host((response, bytes) => response.end(bytes));
    expect(await readAll(await openWeights(httpFolder(base, fetch)))).toEqual(tensors);
  });

  it('holds no transfer open for a shard whose turn has not come', async () => {
    let open = 0;
    let most = 0;
    const base = await host((response, bytes) => {
      // Never ends of itself, as a large file does not for long.
      response.write(bytes.subarray(0, -1));
      most = Math.max(most, ++open);
      response.on('close', () => open--);
    });
    const folder = { ...httpFolder(base, fetch), whole: async () => many[INDEX] };
    expect((await openWeights(folder)).sources).toHaveLength(tensors.length);
    expect(most).toBeLessThan(4); // a browser opens 6 to a host
    await expect.poll(() => open).toBe(0);
  });
});
