/** What a turn that fails on the device leaves behind: nothing that a later turn could take for an answer's ground. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openNodeAdapter } from '../../tools/node-gpu';
import { runOptions, runWithLogits } from './engine.test-support';
import { fastkvSettings } from './kv/settings.test-support';
import { loadModel, type LoadedModel } from './load-model';
import { randomLlamaFolder } from './models/random-llama';
import type { TokenId } from './shapes';

const SHAPE = { L: 4, H: 4, G: 2, D: 16, C: 64, F: 96, V: 160, contextLength: 4096, seed: 8 };
const folder = randomLlamaFolder(SHAPE);
const prompt = Array.from({ length: 400 }, (_, i) => ((i * i * 7 + i * 31 + 5) % SHAPE.V) as TokenId);
const KV = fastkvSettings({ tspLayer: 1 });

const open: LoadedModel[] = [];
afterEach(() => open.splice(0).forEach(({ device }) => device.destroy()));

async function load(): Promise<LoadedModel> {
  const { adapter } = await openNodeAdapter();
  const model = await loadModel(adapter, folder, { dtype: 'f32', tileRows: 64 });
  open.push(model);
  return model;
}

const ask = (model: LoadedModel, tokens: readonly TokenId[], kv = KV, count = 6) =>
  runWithLogits(model, tokens, runOptions(count, { kv }));

const NO_ROOM = new Error('no room');

/** The device refuses buffers whose label begins so, once `skip` of them were made. */
function refuseBuffers({ device }: LoadedModel, label: string, skip = 0) {
  const create = device.createBuffer.bind(device);
  let seen = 0;
  return vi.spyOn(device, 'createBuffer').mockImplementation((descriptor) => {
    if (descriptor.label?.startsWith(label) && seen++ >= skip) throw NO_ROOM;
    return create(descriptor);
  });
}

async function expectAsFresh(model: LoadedModel, tokens: readonly TokenId[]) {
  const found = await ask(model, tokens);
  const fresh = await ask(await load(), tokens);
  expect(found.rows).toEqual(fresh.rows);
  return found;
}

describe('a turn that fails', () => {
  it('because a submission was refused leaves no trunk to go on from', async () => {
    const model = await load();
    const { device } = model;
    const submit = device.queue.submit.bind(device.queue);
    let submissions = 0;
    const spy = vi.spyOn(device.queue, 'submit').mockImplementation((commands) => {
      if (++submissions !== 5) return submit(commands);
      const gone = device.createBuffer({
        size: 16,
        usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      });
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(gone);
      gone.destroy();
      submit([encoder.finish()]);
    });
    await expect(ask(model, prompt)).rejects.toMatchObject({ code: 'internal' });
    spy.mockRestore();
    const again = await expectAsFresh(model, prompt);
    expect(again.reusedTokens).toBe(0);
  });

  it('for want of room to read gives back what it had taken, each time', async () => {
    const model = await load();
    const before = model.session.memory().totalBytes;
    const spy = refuseBuffers(model, 'positions');
    for (let i = 0; i < 3; i++) await expect(ask(model, prompt)).rejects.toThrow('no room');
    expect(model.session.memory().totalBytes).toBe(before);
    spy.mockRestore();
    await expectAsFresh(model, prompt);
  });

  it('for want of room to write on, with the trunk being parked, says so and harms no later turn', async () => {
    const model = await load();
    await ask(model, prompt);
    const spy = refuseBuffers(model, 'hot k');
    const kv = fastkvSettings({ tspLayer: 1, parkTrunk: true });
    await expect(ask(model, prompt, kv, 600)).rejects.toThrow('no room');
    spy.mockRestore();
    await expectAsFresh(model, prompt);
  });
});

describe('a trunk that cannot be parked', () => {
  it('stays on the GPU, with the answer whole and follow-ups exact', async () => {
    const model = await load();
    const spy = refuseBuffers(model, 'readback of trunk', 2);
    const kv = fastkvSettings({ tspLayer: 1, parkTrunk: true });
    const one = await ask(model, prompt, kv);
    expect(one.tokens).toHaveLength(6);
    expect(model.session.memory().kv.parkedBytes).toBe(0);
    spy.mockRestore();
    const two = await expectAsFresh(model, [...prompt, ...one.tokens, ...prompt.slice(0, 9)]);
    expect(two.reusedTokens).toBe(prompt.length);
  });
});

describe('a short chat after a long document', () => {
  it('does not keep the document’s memory', async () => {
    const model = await load();
    const short = prompt.slice(0, 100);
    await ask(model, short);
    const { allocatedBytes } = model.session.memory().kv;
    await ask(model, [...prompt, ...prompt, ...prompt, ...prompt, ...prompt]);
    expect(model.session.memory().kv.allocatedBytes).toBeGreaterThan(2 * allocatedBytes);
    await ask(model, [7 as TokenId, ...short.slice(1)]);
    expect(model.session.memory().kv.allocatedBytes).toBe(allocatedBytes);
  });
});
