/** Dialogues: what a follow-up reads, selects and writes, beside a fresh reading of the same conversation. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openNodeAdapter } from '../../tools/node-gpu';
import type { KvSettings, StorageDtype } from '../protocol';
import { runOptions, runWithLogits } from './engine.test-support';
import { PAPER } from './kv/reading-plan';
import { loadModel, type LoadedModel } from './load-model';
import { coverageReference, fastkvReference } from './models/fastkv-reference';
import { readOnCpu } from './models/fixtures.test-support';
import { randomLlamaFolder } from './models/random-llama';
import type { RunOptions } from './run';
import type { TokenId } from './shapes';
import { fastkvSettings } from './kv/settings.test-support';

const SHAPE = { L: 5, H: 8, G: 2, D: 16, C: 64, F: 96, V: 160, contextLength: 4096 };
const folder = randomLlamaFolder({ ...SHAPE, seed: 5 });
const WINDOW = PAPER.window;

const settingsOf = (more: Partial<KvSettings> = {}) => fastkvSettings({ tspLayer: 1, ...more });
const KV = settingsOf();

const open: LoadedModel[] = [];
afterEach(() => open.splice(0).forEach(({ device }) => device.destroy()));

async function load(dtype: StorageDtype = 'f32', tileRows?: number, from = folder): Promise<LoadedModel> {
  const { adapter } = await openNodeAdapter();
  const model = await loadModel(adapter, from, { dtype, ...(tileRows && { tileRows }) });
  open.push(model);
  return model;
}

let seed = 0;
/** Other tokens each time. */
const words = (count: number): TokenId[] =>
  Array.from({ length: count }, () => ((seed = (seed * 1103 + 12_345) % 65_536) % SHAPE.V) as TokenId);

async function turn(
  on: LoadedModel,
  prompt: readonly TokenId[],
  kv: KvSettings = KV,
  more: Partial<RunOptions> = {},
) {
  const result = await runWithLogits(on, prompt, runOptions(6, { kv, ...more }));
  return { ...result, selection: await on.session.selection() };
}

type Turn = Awaited<ReturnType<typeof turn>>;

/** The parts of a turn that must not depend on what was read before. */
const outcome = ({ rows, tokens, selection }: Turn) => ({ rows, tokens, selection });

async function expectAsFresh(found: Turn, prompt: readonly TokenId[], dtype: StorageDtype, kv = KV) {
  const fresh = await turn(await load(dtype), prompt, kv);
  expect(fresh.reusedTokens).toBe(0);
  expect(outcome(found)).toEqual(outcome(fresh));
}

describe.each<StorageDtype>(['f32', 'f16'])('in mode exact, stored as %s', (dtype) => {
  it('three turns, an edit and a regenerate equal fresh readings bit for bit, and read only what is new', async () => {
    const model = await load(dtype);
    const first = words(400);
    const one = await turn(model, first);
    const second = [...first, ...one.tokens, ...words(20)];
    const two = await turn(model, second);
    await expectAsFresh(two, second, dtype);
    expect(two.reusedTokens).toBe(first.length);

    const third = [...second, ...two.tokens, ...words(33)];
    const three = await turn(model, third);
    await expectAsFresh(three, third, dtype);
    expect(three.reusedTokens).toBe(second.length);

    const edited = [...first, ...one.tokens, ...words(25)];
    const other = await turn(model, edited);
    await expectAsFresh(other, edited, dtype);
    expect(other.reusedTokens).toBeGreaterThanOrEqual(first.length + one.tokens.length);

    const again = await turn(model, edited);
    expect(outcome(again)).toEqual(outcome(other));
    expect(again.reusedTokens).toBe(edited.length - WINDOW);
  });
});

describe('in a model that slides', () => {
  const [slides, whole] = ['sliding_attention', 'full_attention'];
  const sliding = randomLlamaFolder({
    ...{ ...SHAPE, seed: 6 },
    config: {
      ...{ model_type: 'qwen3', use_sliding_window: true, sliding_window: 70 },
      layer_types: [slides, whole, slides, slides, whole],
    },
  });

  it('a follow-up equals a fresh reading in other tiles bit for bit, in modes exact and lean', async () => {
    const first = words(300);
    for (const kv of [KV, settingsOf({ turnMode: 'lean' })]) {
      const model = await load('f16', undefined, sliding);
      const one = await turn(model, first, kv);
      const second = [...first, ...one.tokens, ...words(95)];
      const two = await turn(model, second, kv);
      const fresh = await turn(await load('f16', 32, sliding), second, kv);
      expect(outcome(two)).toEqual(outcome(fresh));
    }
  });
});

describe('a follow-up', () => {
  it('in mode lean reads everything again, and writes what mode exact writes', async () => {
    const [lean, exact] = [await load(), await load()];
    const first = words(300);
    const leanKv = settingsOf({ turnMode: 'lean' });
    const one = await turn(lean, first, leanKv);
    expect(outcome(one)).toEqual(outcome(await turn(exact, first)));
    expect(lean.session.memory().kv.trunkBytes).toBe(0);
    const second = [...first, ...one.tokens, ...words(15)];
    const two = await turn(lean, second, leanKv);
    expect(two.reusedTokens).toBe(0);
    expect(outcome(two)).toEqual(outcome(await turn(exact, second)));
  });

  it('without propagation keeps the keys and values of every layer in the trunk, and equals a fresh reading', async () => {
    const kv = settingsOf({ tspRate: 1, retain: 0.2 });
    const model = await load();
    const first = words(300);
    const one = await turn(model, first, kv);
    const second = [...first, ...one.tokens, ...words(15)];
    const two = await turn(model, second, kv);
    expect(two.reusedTokens).toBe(first.length);
    await expectAsFresh(two, second, 'f32', kv);
  });

  it('equals a fresh reading under other rates, which leave the trunk as it is, and under another T, which does not', async () => {
    const model = await load();
    const first = words(300);
    const one = await turn(model, first);
    const second = [...first, ...one.tokens, ...words(15)];
    const rates = settingsOf({ retain: 0.3, tspRate: 0.5, pooling: 'avg', window: 12, kernel: 5 });
    const two = await turn(model, second, rates);
    expect(two.reusedTokens).toBe(first.length);
    await expectAsFresh(two, second, 'f32', rates);
    const third = [...second, ...two.tokens, ...words(15)];
    const later = settingsOf({ tspLayer: 3 });
    const three = await turn(model, third, later);
    expect(three.reusedTokens).toBe(0);
    await expectAsFresh(three, third, 'f32', later);
  });

  it('may cross the floor: a short chat is kept whole, and compressed once it is long', async () => {
    const kv = settingsOf({ floor: 200 });
    const model = await load();
    const first = words(60);
    const one = await turn(model, first, kv);
    expect(one.selection!.kept).toBeUndefined();
    const full = await turn(await load(), first, settingsOf({ turnMode: 'full' }));
    expect(one.rows).toEqual(full.rows);
    const second = [...first, ...one.tokens, ...words(10)];
    const two = await turn(model, second, kv);
    expect(two.reusedTokens).toBe(first.length);
    await expectAsFresh(two, second, 'f32', kv);
    const third = [...second, ...two.tokens, ...words(300)];
    const three = await turn(model, third, kv);
    expect(three.selection!.propagated!.length).toBe(Math.trunc(third.length * kv.tspRate));
    await expectAsFresh(three, third, 'f32', kv);
  });

  it('goes on from a full cache into a compressed one and back, as from nothing', async () => {
    const model = await load();
    const first = words(300);
    const full = settingsOf({ turnMode: 'full' });
    await turn(model, first, full);
    await expectAsFresh(await turn(model, first), first, 'f32');
    const second = [...first, ...words(10)];
    await expectAsFresh(await turn(model, second, full), second, 'f32', full);
  });

  it('tells how much of its window’s attention falls on what the turn before propagated, as the reference does', async () => {
    const { spec, tensors } = await readOnCpu(folder);
    const model = await load();
    const first = words(300);
    const one = await turn(model, first);
    expect(one.compression.coverage).toBeUndefined();
    const second = [...first, ...one.tokens, ...words(15)];
    const two = await turn(model, second);
    const { mass } = fastkvReference(spec, tensors, second, KV);
    const expected = coverageReference(mass!, [...one.selection!.propagated!]);
    expect(two.compression.coverage).toBeCloseTo(expected, 5);
    expect(expected).toBeGreaterThan(0.05);
    const unrelated = await turn(model, words(300));
    expect(unrelated.compression.coverage).toBeUndefined();
  });
});

describe('a prompt whose reading is stopped', () => {
  it('leaves the trunk of the turn before, and asked again gives what it would have given', async () => {
    const model = await load('f32', 32);
    const first = words(300);
    const one = await turn(model, first);
    const second = [...first, ...one.tokens, ...words(200)];
    const stops: number[] = [];
    for (const after of [1, 5, 12]) {
      const abort = new AbortController();
      let events = 0;
      const onReading = () => {
        if (++events >= after) abort.abort();
      };
      const stopped = await turn(model, second, KV, { signal: abort.signal, onReading });
      expect(stopped).toMatchObject({ stopReason: 'stopped', tokens: [], ttftMs: undefined });
      const { kv } = model.session.memory();
      expect(kv.hotBytes).toBe(0);
      stops.push(events);
    }
    expect(stops[2]).toBeGreaterThan(stops[0]!);
    const two = await turn(model, second);
    expect(two.reusedTokens).toBe(first.length);
    await expectAsFresh(two, second, 'f32');
  });
});

describe('a parked trunk', () => {
  it('rests outside the GPU after the answer, and the follow-up equals a fresh reading', async () => {
    const parked = settingsOf({ parkTrunk: true });
    const model = await load();
    const first = words(400);
    await turn(model, first);
    const onGpu = model.session.memory();
    const one = await turn(model, first, parked);
    const outside = model.session.memory();
    expect(onGpu.kv.parkedBytes).toBe(0);
    expect(outside.kv.parkedBytes).toBe(outside.kv.trunkBytes);
    // Room to grow leaves the GPU with it.
    const given = onGpu.kv.allocatedBytes - outside.kv.allocatedBytes;
    expect(given).toBeGreaterThanOrEqual(outside.kv.parkedBytes);
    expect(given).toBeLessThan(2 * outside.kv.parkedBytes);
    const second = [...first, ...one.tokens, ...words(20)];
    const two = await turn(model, second, parked);
    expect(two.reusedTokens).toBe(first.length);
    await expectAsFresh(two, second, 'f32');
  });
});

describe('decoding over a compressed cache', () => {
  it('grows it without changing what is written, by an entry a token in every head, awaited or pipelined', async () => {
    const prompt = words(300);
    const model = await load();
    const awaited = await turn(model, prompt, KV, { maxNewTokens: 600 });
    const { kv } = model.session.memory();
    expect(kv.layers.map(({ lengths }) => lengths)).toEqual(
      awaited.selection!.kept!.map((heads) => heads.map((kept) => kept.length + 599)),
    );
    const pipelined = await model.session.run(prompt, runOptions(600, { kv: KV }));
    expect(pipelined.tokens).toEqual(awaited.tokens);
  });

  it('makes no buffer, bind group or pipeline between the second token and the fortieth', async () => {
    const { session, device } = await load();
    const makers = ['createBuffer', 'createBindGroup', 'createComputePipelineAsync'] as const;
    const spies = makers.map((name) => vi.spyOn(device, name));
    const counts = () => spies.map(({ mock }) => mock.calls.length);
    let before: number[] = [];
    const onToken = (_: TokenId, i: number) => {
      if (i === 1) before = counts();
    };
    await session.run(words(300), runOptions(40, { kv: KV, onToken }));
    expect(counts()).toEqual(before);
  });
});
