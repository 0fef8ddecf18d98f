import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nodeFolder } from '../../../tools/node-folder';
import { httpFolder, memorySource, readText, requireFile } from './sources';

const SIZE = 3_000_000;
const WEIGHTS = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) & 255);
const part = (offset: number, length: number) => WEIGHTS.slice(offset, offset + length);

/** `toEqual` takes seconds over megabytes. */
function expectPart(bytes: Uint8Array | undefined, offset: number, length: number): void {
  expect(bytes?.length).toBe(length);
  expect(Buffer.compare(bytes ?? Buffer.of(), part(offset, length))).toBe(0);
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: string) => void;

let server: Server;
let base: string;
let handler: Handler;
/** Method, path and range of each request so far. */
let requests: string[] = [];
/** Answers that are over, finished or cancelled. */
let closed = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim());
    response.on('close', () => (closed += 1));
    handler(request, response, request.url ?? '');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model/`;
});
afterAll(() => server.close());
afterEach(() => {
  requests = [];
  closed = 0;
});

const FILES: Record<string, Uint8Array> = {
  '/model/w': WEIGHTS,
  '/model/empty': new Uint8Array(0),
  '/model/config.json': new TextEncoder().encode('{"größe":1}'),
  '/model/latin1': Uint8Array.of(0x67, 0x72, 0xf6),
};

const notFound = (response: ServerResponse): unknown => response.writeHead(404).end('nothing here');

/** A host as static hosts are: GET, HEAD, and Range answered with 206. */
const ranged: Handler = (request, response, url) => {
  const file = FILES[url];
  if (!file) return void notFound(response);
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!match) return plain(request, response, url);
  const [begin, end] = [Number(match[1]), Math.min(Number(match[2]), file.length - 1)];
  if (begin > end) return void response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
  const headers = {
    'content-range': `bytes ${begin}-${end}/${file.length}`,
    'content-length': end - begin + 1,
  };
  response.writeHead(206, headers).end(file.subarray(begin, end + 1));
};

/** A host that does not know Range, like `python -m http.server`. */
const plain: Handler = (request, response, url) => {
  const file = FILES[url];
  if (!file) return void notFound(response);
  response.writeHead(200, { 'content-length': file.length, 'content-type': 'application/octet-stream' });
  response.end(request.method === 'HEAD' ? undefined : file);
};

const openFrom = async (h: Handler, file = 'w') => {
  handler = h;
  return requireFile(httpFolder(base, fetch), file, httpFolder(base, fetch).open(file));
};
const unreadable = { name: 'EngineError', code: 'file-unreadable' };

describe('httpFolder over a server that grants ranges', () => {
  it('asks for exactly the parts that are read', async () => {
    const source = await openFrom(ranged);
    expect(source.size).toBe(SIZE);
    expectPart(await source.read(1_000_000, 70_000), 1_000_000, 70_000);
    expectPart(await source.read(0, 8), 0, 8);
    expectPart(await source.read(SIZE - 1, 1), SIZE - 1, 1);
    expect(await source.read(SIZE, 0)).toEqual(new Uint8Array(0));
    expect(requests).toEqual([
      'HEAD /model/w',
      'GET /model/w bytes=1000000-1069999',
      'GET /model/w bytes=0-7',
      'GET /model/w bytes=2999999-2999999',
    ]);
  });

  it.each([405, 501, 403])('learns the size from a range when HEAD is answered with %i', async (status) => {
    const source = await openFrom((request, response, url) =>
      request.method === 'HEAD' ? response.writeHead(status).end() : ranged(request, response, url),
    );
    expect(source.size).toBe(SIZE);
    expectPart(await source.read(5, 6), 5, 6);
  });

  it('does not take the length of a compressed answer for the size', async () => {
    const source = await openFrom((request, response, url) =>
      request.method === 'HEAD'
        ? response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 77 }).end()
        : ranged(request, response, url),
    );
    expect(source.size).toBe(SIZE);
  });

  it('does not believe a HEAD that says 0', async () => {
    const source = await openFrom((request, response, url) =>
      request.method === 'HEAD'
        ? response.writeHead(200, { 'content-length': 0 }).end()
        : ranged(request, response, url),
    );
    expect(source.size).toBe(SIZE);
  });

  it('opens an empty file as one', async () => {
    expect((await openFrom(ranged, 'empty')).size).toBe(0);
    expect((await openFrom(plain, 'empty')).size).toBe(0);
  });

  it('adds the slash that a base address lacks', async () => {
    handler = ranged;
    expect((await httpFolder(base.slice(0, -1), fetch).open('w'))?.size).toBe(SIZE);
  });

  it('refuses a part of another file than the one that was opened', async () => {
    const other = await openFrom((request, response, url) => {
      if (request.method === 'HEAD') return plain(request, response, url);
      response.writeHead(206, { 'content-range': `bytes 0-3/${SIZE + 1}`, 'content-length': 4 }).end('abcd');
    });
    await expect(other.read(0, 4)).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('3000001'),
    });
    const shifted = await openFrom((request, response, url) => {
      if (request.method === 'HEAD') return plain(request, response, url);
      response.writeHead(206, { 'content-range': `bytes 0-3/${SIZE}`, 'content-length': 4 }).end('abcd');
    });
    await expect(shifted.read(8, 4)).rejects.toMatchObject(unreadable);
  });

  it.each([
    ['too short', 'abc', 3],
    ['too long', 'abcde', 5],
    ['cut off by the connection', 'abc', 4],
  ])('refuses a part that is %s', async (_, body, length) => {
    const source = await openFrom((request, response, url) => {
      if (request.method === 'HEAD') return plain(request, response, url);
      response.writeHead(206, { 'content-length': length });
      response.write(body, () => (body.length < length ? response.destroy() : response.end()));
    });
    await expect(source.read(0, 4)).rejects.toMatchObject(unreadable);
  });
});

describe('httpFolder over a server that ignores ranges', () => {
  it('reads a file from front to back over one request', async () => {
    const source = await openFrom(plain);
    for (let offset = 0; offset < SIZE; offset += 250_000) {
      expectPart(await source.read(offset, 250_000), offset, 250_000);
    }
    expect(requests).toEqual(['HEAD /model/w', 'GET /model/w bytes=0-249999']);
  });

  it('skips forward on the open request and begins again only to go back', async () => {
    const source = await openFrom(plain);
    expectPart(await source.read(1000, 10), 1000, 10);
    expectPart(await source.read(2_000_000, 10), 2_000_000, 10);
    expect(requests).toHaveLength(2);
    expectPart(await source.read(0, 10), 0, 10);
    expect(requests).toHaveLength(3);
  });

  it('lets reads that overlap in time take turns', async () => {
    const source = await openFrom(plain);
    const offsets = [700_000, 0, 1_400_000, 100];
    const parts = await Promise.all(offsets.map((offset) => source.read(offset, 5000)));
    parts.forEach((bytes, i) => expectPart(bytes, offsets[i] ?? 0, 5000));
  });

  it('cancels a download that it leaves behind', async () => {
    // Never ends of itself, so that only the client can close it.
    const source = await openFrom((request, response, url) => {
      if (request.method === 'HEAD') plain(request, response, url);
      else response.writeHead(200).write(part(0, 1000));
    });
    // Both ask for a range before either knows that there are none.
    await Promise.all([source.read(0, 10), source.read(500, 10)]);
    await expect.poll(() => closed).toBe(2); // HEAD and the second answer, which the first stream makes needless
    await source.read(0, 10);
    await expect.poll(() => closed).toBe(3);
    handler = (_, response) => response.writeHead(200).end(part(0, 10));
    await expect(source.read(0, 11)).rejects.toMatchObject(unreadable);
    await expect.poll(() => closed).toBe(5);
  });

  it('says so when the body ends early, and recovers when the server does', async () => {
    const source = await openFrom(plain);
    handler = (_, response) => response.writeHead(200).end(part(0, 1000));
    await expect(source.read(500, 501)).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('ended after 1000 bytes'),
    });
    handler = plain;
    expectPart(await source.read(1500, 501), 1500, 501);
    handler = (_, response) => response.writeHead(503).end();
    await expect(source.read(0, 1)).rejects.toMatchObject(unreadable);
    handler = plain;
    expectPart(await source.read(2_500_000, 501), 2_500_000, 501);
  });
});

describe('httpFolder where there is no such file', () => {
  it.each([404, 410])('takes status %i for that', async (status) => {
    handler = (_, response) => response.writeHead(status).end();
    expect(await httpFolder(base, fetch).open('w')).toBeUndefined();
    expect(await readText(httpFolder(base, fetch), 'w')).toBeUndefined();
  });

  it('takes the fallback page of a single page app for that', async () => {
    handler = (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>');
    expect(await httpFolder(base, fetch).open('model.safetensors')).toBeUndefined();
    expect(await readText(httpFolder(base, fetch), 'config.json')).toBeUndefined();
  });

  it('asks for none that the folder is known to lack', async () => {
    handler = ranged;
    const folder = httpFolder(base, fetch, ['config.json', 'empty']);
    expect(await folder.open('w')).toBeUndefined();
    expect(await readText(folder, 'latin1')).toBeUndefined();
    expect(requests).toEqual([]);
    expect(await readText(folder, 'config.json')).toBe('{"größe":1}');
    expect((await folder.open('empty'))?.size).toBe(0);
  });

  it('names file and folder when the file is required', async () => {
    handler = (_, response) => void notFound(response);
    const folder = httpFolder(base, fetch);
    await expect(requireFile(folder, 'config.json', readText(folder, 'config.json'))).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringMatching(/config\.json in http:.*\/model\//),
    });
  });

  it('says so when the file goes away or the server breaks between two reads', async () => {
    const source = await openFrom(ranged);
    handler = (_, response) => void notFound(response);
    await expect(source.read(0, 4)).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('no longer'),
    });
    handler = (_, response) => response.writeHead(500).end();
    await expect(source.read(0, 4)).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('500'),
    });
  });
});

describe('httpFolder where the network fails', () => {
  it('tells a refused connection from a missing file', async () => {
    const spare = createServer();
    await new Promise<void>((done) => spare.listen(0, '127.0.0.1', done));
    const { port } = spare.address() as AddressInfo;
    await new Promise((done) => spare.close(done));
    const folder = httpFolder(`http://127.0.0.1:${port}/`, fetch);
    await expect(folder.open('w')).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(readText(folder, 'config.json')).rejects.toMatchObject(unreadable);
  });

  it('refuses a server that answers with an error or does not tell the size', async () => {
    handler = (_, response) => response.writeHead(503).end();
    await expect(httpFolder(base, fetch).open('w')).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('503'),
    });
    await expect(readText(httpFolder(base, fetch), 'w')).rejects.toMatchObject(unreadable);
    handler = (_, response) => {
      response.writeHead(200); // chunked: no length
      response.write('a');
      response.end('b');
    };
    await expect(httpFolder(base, fetch).open('w')).rejects.toThrow(/does not tell its size/);
  });
});

describe('readText', () => {
  it('reads UTF-8, compressed on the way or not', async () => {
    handler = plain;
    expect(await readText(httpFolder(base, fetch), 'config.json')).toBe('{"größe":1}');
    const zipped = gzipSync(FILES['/model/config.json'] ?? '');
    handler = (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': zipped.length }).end(zipped);
    expect(await readText(httpFolder(base, fetch), 'config.json')).toBe('{"größe":1}');
  });

  it('refuses bytes that are not UTF-8, naming the file', async () => {
    handler = plain;
    await expect(readText(httpFolder(base, fetch), 'latin1')).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('latin1'),
    });
  });

  it('stops at the limit instead of filling the memory', async () => {
    handler = plain;
    await expect(httpFolder(base, fetch).whole('w', SIZE - 1)).rejects.toMatchObject(unreadable);
    expectPart(await httpFolder(base, fetch).whole('w', SIZE), 0, SIZE);
  });
});

describe('nodeFolder', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fastkv-'));
  writeFileSync(join(dir, 'w'), WEIGHTS);
  writeFileSync(join(dir, 'config.json'), '{"größe":1}');
  mkdirSync(join(dir, 'folder'));
  const folder = nodeFolder(dir);
  afterAll(() => rmSync(dir, { recursive: true }));

  it('reads parts and texts', async () => {
    const source = await requireFile(folder, 'w', folder.open('w'));
    expect(source.size).toBe(SIZE);
    expectPart(await source.read(77, 100_000), 77, 100_000);
    expect(await readText(folder, 'config.json')).toBe('{"größe":1}');
    await expect(folder.whole('w', 10)).rejects.toMatchObject(unreadable);
  });

  it('knows a missing file from one that cannot be read', async () => {
    expect(await folder.open('none')).toBeUndefined();
    expect(await readText(folder, 'none')).toBeUndefined();
    await expect(folder.open('folder')).rejects.toMatchObject(unreadable);
    await expect(nodeFolder(join(dir, 'w')).open('x')).rejects.toMatchObject(unreadable);
  });

  it('says so when a file has shrunk or gone since it was opened', async () => {
    writeFileSync(join(dir, 'shrinking'), 'abcdef');
    const source = await requireFile(folder, 'shrinking', folder.open('shrinking'));
    writeFileSync(join(dir, 'shrinking'), 'abc');
    await expect(source.read(0, 6)).rejects.toMatchObject({
      ...unreadable,
      message: expect.stringContaining('3 of 6'),
    });
    rmSync(join(dir, 'shrinking'));
    await expect(source.read(0, 6)).rejects.toMatchObject(unreadable);
  });
});

describe('memorySource', () => {
  it('hands out copies', async () => {
    const source = memorySource('m', Uint8Array.of(1, 2, 3));
    (await source.read(1, 2))[0] = 9;
    expect(await source.read(1, 2)).toEqual(Uint8Array.of(2, 3));
  });
});
