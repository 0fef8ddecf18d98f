import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHub, type HubServer } from '../../../e2e/hub-server';
import { FIRST_FOLDER } from '../models/fixtures.test-support';
import { filesOf, sharded } from './files.test-support';
import { authorisedFetch, hubFolder } from './hub';
import { openWeights } from './shards';

const checkpoint = filesOf(FIRST_FOLDER);
const { 'model.safetensors.index.json': _, ...shards } = sharded(checkpoint, 3);
let hub: HubServer;
beforeAll(async () => void (hub = await startHub({ 'fastkv/demo': shards })));
afterAll(() => hub.close());

const folder = () => {
  const model = { repo: 'fastkv/demo', revision: 'main', hubUrl: hub.url };
  const files = Object.entries(shards).map(([path, { length }]) => ({ path, size: length }));
  return hubFolder(model, files, fetch);
};

it('reads weights straight from the Hub, shards without an index too, over connections that are cut', async () => {
  hub.faults.cut = { after: 70_000, times: 2 };
  const { sources, tensors } = await openWeights(folder());
  expect(sources).toHaveLength(3);
  const whole = await sources[0]!.read(0, sources[0]!.size);
  expect(Buffer.compare(whole, shards['model-00001-of-00003.safetensors']!)).toBe(0);
  expect(tensors.size).toBeGreaterThan(50);
  expect(hub.faults.cut.times).toBe(0);
});

it('asks for nothing that the repository does not have', async () => {
  hub.asked.length = 0;
  expect(await folder().whole('chat_template.jinja', 100)).toBeUndefined();
  expect(await folder().whole('special_tokens_map.json', 100)).toBeUndefined();
  expect(await folder().open('model.safetensors')).toBeUndefined();
  expect(hub.asked).toEqual([]);
  expect(await folder().whole('fastkv.json', 100)).toEqual(checkpoint['fastkv.json']);
});

it('shows a token to the host that it is for, and to no other', async () => {
  const seen: (readonly [string, string | null])[] = [];
  const spy: typeof fetch = async (input, init) => {
    seen.push([input as string, new Headers(init?.headers).get('authorization')]);
    return new Response();
  };
  const authorised = authorisedFetch(spy, { hubUrl: 'https://hub.example/mirror', accessToken: 'secret' });
  await authorised('https://hub.example/mirror/a');
  await authorised('https://bytes.example/a');
  await authorised('https://hub.example.evil/a');
  expect(seen.map(([, token]) => token)).toEqual(['Bearer secret', null, null]);
});
