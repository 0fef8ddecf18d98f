import { expect, it } from 'vitest';
import { EngineError } from '../engine/errors';
import { fetchBytes, FileChanged, type Remote } from './fetch-bytes';

const SIZE = 100;
const whole = new Uint8Array(SIZE).map((_, i) => i);

/** Answers in turn; the last one again and again. */
function remoteOf(...answers: (() => Response)[]): Remote & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    url: 'https://example.org/f',
    signal: new AbortController().signal,
    fetch: async () => (answers.length > 1 ? answers.shift()! : answers[0]!)(),
    refusal: (status) => new EngineError('hub-refused', `refused with ${status}`),
    unreachable: (why) => new EngineError('hub-unreachable', why),
    pause: async (ms) => void pauses.push(ms),
  };
}

const part = (from: number, headers: Record<string, string> = {}, to = SIZE) =>
  new Response(whole.slice(from, to), {
    status: 206,
    headers: { 'Content-Range': `bytes ${from}-${SIZE - 1}/${SIZE}`, ...headers },
  });

async function read(remote: Remote, from = 0, etag?: string): Promise<number[]> {
  const got: number[] = [];
  const onBytes = async (bytes: Uint8Array) => void got.push(...bytes);
  try {
    await fetchBytes(remote, { from, to: SIZE, size: SIZE, etag }, { onBytes });
  } catch (thrown) {
    throw Object.assign(thrown as Error, { got });
  }
  return got;
}

it('gives each byte once and in order, however often the connection ends', async () => {
  const remote = remoteOf(
    () => new Response(whole.slice(0, 30)),
    () => part(30, {}, 31),
    () => new Response(whole), // a server without ranges
  );
  expect(await read(remote)).toEqual([...whole]);
});

it('takes no byte of a file that is another one now', async () => {
  for (const other of [
    () => part(40, { ETag: '"b"' }),
    () => part(0, { ETag: '"a"' }),
    () => part(40, { ETag: '"a"', 'Content-Range': `bytes 40-99/200` }),
    () => new Response(null, { status: 416 }),
  ]) {
    const reading = read(remoteOf(other), 40, '"a"');
    await expect(reading).rejects.toBeInstanceOf(FileChanged);
    await expect(reading).rejects.toMatchObject({ got: [] });
  }
  expect(
    await read(
      remoteOf(() => part(40, { ETag: '"a"' })),
      40,
      '"a"',
    ),
  ).toEqual([...whole.slice(40)]);
});

it('gives up after the fifth failure in a row, after ever longer pauses, and not before while bytes come', async () => {
  const unreachable = () => {
    throw new TypeError('no way there');
  };
  const remote = remoteOf(unreachable);
  await expect(read(remote)).rejects.toMatchObject({ code: 'hub-unreachable', message: 'no way there' });
  expect(remote.pauses).toEqual([500, 1000, 2000, 4000]);

  const drop = [...whole.slice(0, 20)].map((i) => () => part(i, {}, i + 1));
  expect(await read(remoteOf(...drop, () => part(20)))).toEqual([...whole]);
});

it('waits as long as a busy server asks, within reason', async () => {
  const busy = (seconds: string) => () =>
    new Response(null, { status: 429, headers: { 'Retry-After': seconds } });
  const remote = remoteOf(busy('2'), busy('100000'), () => part(0));
  expect(await read(remote)).toEqual([...whole]);
  expect(remote.pauses).toEqual([2000, 30_000]);
});

it('does not ask again for what is refused, nor takes a page of words for a file', async () => {
  const remote = remoteOf(() => new Response(null, { status: 403 }));
  await expect(read(remote)).rejects.toMatchObject({ message: 'refused with 403' });
  const page = remoteOf(() => new Response('<p>', { headers: { 'Content-Type': 'text/html' } }));
  await expect(read(page)).rejects.toMatchObject({ message: 'refused with 404' });
  expect([...remote.pauses, ...page.pauses]).toEqual([]);
});
