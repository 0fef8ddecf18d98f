/** What a hundred answers to one question leave on the GPU, counted at the device itself. */
import { expect, it } from 'vitest';
import { nodeFolder } from '../../tools/node-folder';
import { openNodeAdapter } from '../../tools/node-gpu';
import { Engine } from './engine';
import { FIRST_FOLDER, SAMPLES } from './models/fixtures.test-support';

/** Bytes of the buffers that a device has made and that nobody has destroyed. */
function countBytes(device: GPUDevice): () => number {
  const live = new Map<GPUBuffer, number>();
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    live.set(buffer, descriptor.size);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      destroy();
    };
    return buffer;
  };
  return () => [...live.values()].reduce((sum, size) => sum + size, 0);
}

it('holds as many bytes on the GPU after a hundred other answers as after the first', async () => {
  const { adapter } = await openNodeAdapter();
  let liveBytes = () => 0;
  const requestDevice = adapter.requestDevice.bind(adapter);
  adapter.requestDevice = async (wanted) => {
    const device = await requestDevice(wanted);
    liveBytes = countBytes(device);
    return device;
  };
  const engine = new Engine({
    requestAdapter: async () => adapter,
    openFolder: () => nodeFolder(FIRST_FOLDER),
  });
  await engine.load({ source: { kind: 'site', baseUrl: FIRST_FOLDER }, name: 'first' }, () => undefined);
  const content = `${SAMPLES[0].text.slice(0, 200)}\n\nWhat is it?`;
  const answer = async (seed: number) => {
    const { memory, newTokens } = await engine.send(
      {
        messages: [{ role: 'user', content }],
        sampling: { temperature: 1, seed },
        kv: { policy: 'fastkv', turnMode: 'exact', floor: 0, retain: 0.5 },
        maxNewTokens: 3,
      },
      () => undefined,
    );
    expect(newTokens).toBeGreaterThan(0);
    return memory.totalBytes;
  };
  const reported = await answer(0);
  const held = liveBytes();
  expect(held, 'the count sees what the engine reports').toBeGreaterThanOrEqual(reported);
  for (let seed = 1; seed < 100; seed += 1) await answer(seed);
  expect(Math.abs((await answer(100)) / reported - 1)).toBeLessThan(0.05);
  expect(Math.abs(liveBytes() / held - 1)).toBeLessThan(0.05);
}, 300_000);
