import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../weights/safetensors';
import { readOnCpu } from './fixtures.test-support';
import { randomLlamaFolder } from './random-llama';
import { checkTensors, expectedTensors } from './tensors';

const SHAPE = { L: 2, H: 4, G: 2, D: 8, C: 24, F: 40, V: 51 };

describe('a random Llama', () => {
  it('is a whole checkpoint of the shape that was asked for', async () => {
    const folder = randomLlamaFolder({ ...SHAPE, contextLength: 700, seed: 1 });
    const { spec } = await readOnCpu(folder);
    expect(spec).toMatchObject({ ...SHAPE, family: 'llama', contextLength: 700, tied: false });
    const { tensors } = await openSafetensors((await folder.open('model.safetensors'))!);
    expect([...checkTensors(spec, tensors).keys()]).toEqual([...tensors.keys()]);
    expect(await folder.open('tokenizer.json')).toBeUndefined();
    expect(await folder.whole('tokenizer.json', 100)).toBeUndefined();
  });

  it('has the same bytes however they are read', async () => {
    const source = await randomLlamaFolder({ ...SHAPE, seed: 2 }).open('model.safetensors');
    const whole = await source!.read(0, source!.size);
    for (const [offset, length] of [
      [0, 8],
      [3, source!.size - 5],
      [source!.size - 4097, 4097],
      [source!.size - 9, 0],
    ] as const) {
      expect(Buffer.compare(await source!.read(offset, length), whole.slice(offset, offset + length))).toBe(
        0,
      );
    }
    await expect(source!.read(source!.size - 3, 4)).rejects.toThrow('model.safetensors: read');
  });

  it('has the same weights in shards, none much longer than another', async () => {
    const shape = { ...SHAPE, L: 6 };
    const one = await readOnCpu(randomLlamaFolder({ ...shape, seed: 2 }));
    const folder = randomLlamaFolder({ ...shape, seed: 2, shards: 3 });
    const shards = (await folder.list!()).filter((name) => name.endsWith('.safetensors'));
    expect(shards).toEqual([1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`));
    const sizes = await Promise.all(shards.map(async (name) => (await folder.open(name))!.size));
    expect(Math.max(...sizes)).toBeLessThan(1.5 * Math.min(...sizes));
    const { spec, tensors } = await readOnCpu(folder);
    for (const { name } of expectedTensors(spec)) expect(tensors(name)).toEqual(one.tensors(name));
  });

  it('keeps its weights with its seed and changes all of them with another', async () => {
    const [a, same, other] = await Promise.all(
      [3, 3, 4].map((seed) => readOnCpu(randomLlamaFolder({ ...SHAPE, seed }))),
    );
    for (const name of [
      'model.embed_tokens.weight',
      'model.layers.1.mlp.up_proj.weight',
      'model.norm.weight',
    ]) {
      const values = a!.tensors(name)!;
      expect(same!.tensors(name)).toEqual(values);
      expect(other!.tensors(name)!.filter((v, i) => v === values[i]).length).toBeLessThan(2);
    }
  });

  it('has weights that keep the size of what goes through them, twice that for queries and keys', async () => {
    const { tensors } = await readOnCpu(randomLlamaFolder({ ...SHAPE, C: 128, F: 256, seed: 5 }));
    const gain = (name: string, inputs: number) => {
      const values = tensors(`model.layers.0.${name}.weight`)!;
      return Math.sqrt((inputs * values.reduce((sum, v) => sum + v * v, 0)) / values.length);
    };
    expect(gain('self_attn.q_proj', 128)).toBeCloseTo(2, 1);
    expect(gain('self_attn.k_proj', 128)).toBeCloseTo(2, 1);
    expect(gain('self_attn.v_proj', 128)).toBeCloseTo(1, 1);
    expect(gain('mlp.down_proj', 256)).toBeCloseTo(1, 1);
  });
});
