import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openNodeAdapter } from '../../tools/node-gpu';
import { load, runOptions, runWithLogits } from './engine.test-support';
import { canRun } from './gpu/device';
import { GREEDY } from './kernels/sampling';
import type { LoadedModel } from './load-model';
import { FIRST, FIRST_FOLDER } from './models/fixtures.test-support';
import type { Profile } from '../protocol';
import type { TokenId } from './shapes';

const { features } = (await openNodeAdapter()).adapter;
const prompt = FIRST.prompt;
let model: LoadedModel;

beforeAll(async () => {
  model = await load(FIRST_FOLDER, { dtype: 'f32' });
});
afterAll(() => model.device.destroy());

/** Another conversation: nothing of what follows is in the cache. */
const forget = () => model.session.run([1 as TokenId], runOptions(1));

/** Logits after reading `tokens`. */
const logitsOf = async (from: LoadedModel, tokens: readonly TokenId[]) =>
  (await runWithLogits(from, tokens, runOptions(1))).rows[0]!;

describe('prefill', () => {
  it.skipIf(!canRun('fast', features)).each<[Profile, number[]]>([
    ['software', [32, 128, 512]],
    ['portable', [32, 512]],
    ['fast', [32, 512]],
  ])('gives the same logits, bit for bit, whatever the tile size, in profile %s', async (profile, sizes) => {
    const all: Float32Array[] = [];
    for (const tileRows of sizes) {
      const tiled = await load(FIRST_FOLDER, { dtype: 'f32', profile, tileRows });
      const made = vi.spyOn(tiled.device, 'createCommandEncoder');
      all.push(await logitsOf(tiled, prompt));
      const labels = made.mock.calls.map(([descriptor]) => descriptor?.label ?? '');
      const tiles = labels.filter((label) => label.startsWith('layer 0 ')).length;
      expect(tiles).toBe(Math.ceil(prompt.length / tileRows));
      tiled.device.destroy();
    }
    for (const row of all) expect(row).toEqual(all[0]);
  });

  it('submits bounded work: after a long prompt, tiles of the next turn are of the size that the device can do', async () => {
    const paced = await load(FIRST_FOLDER, { dtype: 'f32' });
    const long = [...prompt, ...prompt, ...prompt, ...prompt];
    const rowsOf = async (tokens: readonly TokenId[]) => {
      const made = vi.spyOn(paced.device, 'createCommandEncoder');
      await paced.session.run(tokens, runOptions(1));
      const rows = made.mock.calls.flatMap(([descriptor]) => {
        const found = /^layer (\d+) rows \d+\+(\d+)$/.exec(descriptor?.label ?? '');
        return found ? [{ layer: Number(found[1]), rows: Number(found[2]) }] : [];
      });
      made.mockRestore();
      return rows;
    };
    const most = (all: { layer: number; rows: number }[], layer: number) =>
      Math.max(...all.filter((tile) => tile.layer === layer).map(({ rows }) => rows));
    const first = await rowsOf(long);
    const second = await rowsOf([7 as TokenId, ...long]);
    // The last layer does little for most rows; counted in full, it would make the device look many times faster.
    expect(most(second, 0)).toBeLessThanOrEqual(4 * most(first, model.info.layers - 2));
    paced.device.destroy();
  });

  it('gives the same logits, bit for bit, however the prompt is split between turns, and reads only what is new', async () => {
    await forget();
    const whole = await logitsOf(model, prompt);
    await forget();
    for (const end of [1, 40, 41, 129, prompt.length]) {
      const part = prompt.slice(0, end);
      const { rows, reusedTokens } = await runWithLogits(model, part, runOptions(1));
      if (end === prompt.length) {
        expect(rows[0]).toEqual(whole);
        expect(reusedTokens).toBe(129);
      }
    }
  });

  it('computes the last token again when the whole prompt is in the cache', async () => {
    const first = await logitsOf(model, prompt);
    const { rows, reusedTokens } = await runWithLogits(model, prompt, runOptions(1));
    expect(reusedTokens).toBe(prompt.length - 1);
    expect(rows[0]).toEqual(first);
  });

  it('does the same when matrices are split to fit small bindings', async () => {
    const split = await load(FIRST_FOLDER, { dtype: 'f32', maxBindingBytes: 64 * 1024 });
    expect(split.session.placements.some(({ to }) => 'pieces' in to && to.pieces.length > 2)).toBe(true);
    expect(await logitsOf(split, prompt)).toEqual(await logitsOf(model, prompt));
    split.device.destroy();
  });

  it('stops between tiles and leaves a cache that later turns can use', async () => {
    const small = await load(FIRST_FOLDER, { dtype: 'f32', tileRows: 32 });
    const abort = new AbortController();
    const shares: number[] = [];
    const onReading = (share: number) => {
      shares.push(share);
      abort.abort();
    };
    const stopped = await small.session.run(prompt, runOptions(5, { signal: abort.signal, onReading }));
    expect(stopped).toMatchObject({ stopReason: 'stopped', tokens: [], ttftMs: undefined });
    // Of the tokens read, not of all that were asked for.
    const read = (shares.at(-1)! * prompt.length) / (stopped.prefillMs / 1000);
    expect(stopped.prefillTokensPerSecond).toBeCloseTo(read, 3);
    // One more tile may have been on its way.
    expect(shares.length).toBeLessThanOrEqual(2);
    const again = await small.session.run(prompt, runOptions(5));
    expect(again.tokens).toEqual(FIRST.continuation);
    small.device.destroy();
  });
});

describe('decode', () => {
  it('makes no buffer, bind group, pipeline or shader over 50 tokens', async () => {
    await model.session.run(prompt, runOptions(2));
    const { device } = model;
    const makers = [
      'createBuffer',
      'createBindGroup',
      'createComputePipeline',
      'createComputePipelineAsync',
      'createShaderModule',
    ] as const;
    const spies = makers.map((name) => vi.spyOn(device, name));
    const before: number[] = [];
    let tokens = 0;
    await model.session.run(prompt, {
      ...runOptions(52),
      onToken: () => {
        if (++tokens === 1) before.push(...spies.map(({ mock }) => mock.calls.length));
      },
    });
    expect(tokens).toBe(52);
    expect(spies.map(({ mock }) => mock.calls.length)).toEqual(before);
    spies.forEach((spy) => spy.mockRestore());
  });

  it('stops within one token', async () => {
    const abort = new AbortController();
    const written: TokenId[] = [];
    const onToken = (id: TokenId) => {
      written.push(id);
      if (written.length === 3) abort.abort();
    };
    const { tokens, stopReason } = await model.session.run(
      prompt,
      runOptions(40, { signal: abort.signal, onToken }),
    );
    expect(stopReason).toBe('stopped');
    expect(tokens).toEqual(written);
    expect(written.length).toBe(3);
  });

  it('ends at an end token, which is the last of the answer and not in the cache', async () => {
    const end = FIRST.continuation.at(-1)!;
    const { tokens, stopReason } = await model.session.run(
      prompt,
      runOptions(40, { stopIds: new Set([end]) }),
    );
    expect(stopReason).toBe('end');
    expect(tokens).toEqual(FIRST.continuation);
    expect(model.session.memory().kv.layers[0]!.lengths).toEqual([prompt.length + 4, prompt.length + 4]);
  });

  it('writes the same before and after the cache grew, as a prompt that holds the answer shows', async () => {
    const grown = await load(FIRST_FOLDER, { dtype: 'f32' });
    const start = prompt.slice(0, 20);
    const { tokens } = await grown.session.run(start, runOptions(600));
    const read = await model.session.run([...start, ...tokens.slice(0, 590)], runOptions(10));
    expect(tokens.slice(590)).toEqual(read.tokens);
    grown.device.destroy();
  });
});

describe('sampling', () => {
  const sampling = { ...GREEDY, temperature: 3, topK: 200, topP: 0.95 };

  it('gives the same text for the same seed and another for another', async () => {
    const run = async (seed: number) =>
      (await model.session.run(prompt, runOptions(12, { sampling: { ...sampling, seed } }))).tokens;
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('never repeats a token of prompt or answer under an extreme repetition penalty', async () => {
    const { tokens } = await model.session.run(prompt, {
      ...runOptions(12, { sampling: { ...GREEDY, repetitionPenalty: 1e6 } }),
    });
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens.filter((id) => prompt.includes(id))).toEqual([]);
  });
});

describe('memory', () => {
  it('is summed from live buffers: entries in use, what a full cache takes, and everything together', async () => {
    await model.session.run(prompt, runOptions(3));
    const { kv, totalBytes, weightsBytes, scratchBytes, peakBytes } = model.session.memory();
    const entry = 2 * model.info.headDim * 4;
    expect(kv.layers).toHaveLength(model.info.layers);
    expect(kv.hotBytes).toBe(model.info.layers * model.info.kvHeads * (prompt.length + 2) * entry);
    expect(kv.fullBytes).toBe(kv.hotBytes);
    expect(kv.allocatedBytes).toBeGreaterThanOrEqual(kv.hotBytes);
    expect(totalBytes).toBe(weightsBytes + kv.allocatedBytes + scratchBytes);
    expect(peakBytes).toBeGreaterThanOrEqual(totalBytes);
  });

  it('does not grow from turn to turn', async () => {
    await model.session.run(prompt, runOptions(3));
    const before = model.session.memory().totalBytes;
    for (let turn = 0; turn < 5; turn++) await model.session.run(prompt, runOptions(3));
    expect(model.session.memory().totalBytes).toBe(before);
  });
});

describe('a turn that cannot be', () => {
  it('is refused when the prompt leaves no room in the context', async () => {
    const { contextLength } = model.info;
    const long = new Array<TokenId>(contextLength).fill(5 as TokenId);
    await expect(model.session.run(long, runOptions(1))).rejects.toMatchObject({
      code: 'context-exceeded',
      data: { contextLength, promptTokens: contextLength },
    });
  });

  it('is refused with a code, and the next one works', async () => {
    await expect(model.session.run([], runOptions(1))).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(model.session.run([99_999 as TokenId], runOptions(1))).rejects.toMatchObject({
      code: 'bad-argument',
    });
    const running = model.session.run(prompt, runOptions(5));
    await expect(model.session.run(prompt, runOptions(5))).rejects.toMatchObject({ code: 'busy' });
    expect((await running).tokens).toEqual(FIRST.continuation);
  });
});
