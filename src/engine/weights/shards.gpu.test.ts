/** A checkpoint in shards is the checkpoint: bit for bit what its one file gives. */
import { afterEach, describe, expect, it } from 'vitest';
import { openNodeAdapter } from '../../../tools/node-gpu';
import { runOptions, runWithLogits } from '../engine.test-support';
import { loadModel, type LoadedModel, type LoadOptions } from '../load-model';
import { FIRST, FIXTURES } from '../models/fixtures.test-support';
import { mlxFiles } from '../models/quantised.test-support';
import {
  filesOf,
  type Files,
  INDEX,
  memoryFolder,
  picked,
  readSafetensors,
  sharded,
  watched,
  without,
} from './files.test-support';
import { groupsFor } from './forms';
import { pickedFolder } from './picked';
import type { ModelFolder } from './source';

let model: LoadedModel | undefined;
afterEach(() => {
  model?.device.destroy();
  model = undefined;
});

async function load(folder: ModelFolder, options: LoadOptions = {}): Promise<LoadedModel> {
  model?.device.destroy();
  return (model = await loadModel((await openNodeAdapter()).adapter, folder, options));
}

const fixture = (name: string) => [...FIXTURES, FIRST].find((of) => of.name === name)!;

/** Groups of words, scales and biases of a matrix come to lie in three shards. */
const byMlx = (files: Files) =>
  mlxFiles(memoryFolder(files), (_, K) => groupsFor('q4', K), groupsFor('q4', 32)!);

describe.each([
  ['llama-bf16', 'f16'],
  ['llama-f16', 'f16'],
  ['qwen3', 'f32'],
  ['phi3', 'f32'],
  ['gemma3', 'f16'],
  ['first', 'f16'],
  ['first', 'by MLX in 4 bits'],
  ['phi3', 'by MLX in 4 bits'],
] as const)('a sharded copy of %s, %s', (name, form) => {
  const { folder, prompt } = fixture(name);
  it('gives exactly the logits of the single file, with an index and without, in any order, dropped too', async () => {
    const dtype = form === 'f32' ? 'f32' : 'f16';
    const files = filesOf(folder);
    const whole = form === 'by MLX in 4 bits' ? { ...files, ...(await byMlx(files)) } : files;
    const rowsOf = async (of: ModelFolder) =>
      (await runWithLogits(await load(of, { dtype }), prompt.slice(0, 64), runOptions(4))).rows;
    const expected = await rowsOf(memoryFolder(whole));
    const shards = sharded(whole, 3);
    const reversed = Object.fromEntries(Object.entries(without(shards, INDEX)).reverse());
    const dropped = pickedFolder('dropped', picked(reversed, 'a/folder/'));
    for (const of of [memoryFolder(shards, { list: false }), memoryFolder(reversed), dropped]) {
      expect(await rowsOf(of)).toEqual(expected);
    }
  });
});

describe('loading shards', () => {
  it('reads one after the other, each from front to back, and counts the bytes of all', async () => {
    const whole = filesOf(fixture('llama-bf16').folder);
    const bytes = readSafetensors(whole['model.safetensors']!).reduce(
      (sum, { data }) => sum + data.length,
      0,
    );
    const reads: { name: string; offset: number }[] = [];
    const open = (name: string, data: Uint8Array<ArrayBuffer>) =>
      watched(name, data, (offset) => reads.push({ name, offset }));
    const steps: [number, number][] = [];
    let headers = 0;
    await load(memoryFolder(sharded(whole, 3), { open }), {
      onStep: (step, loaded, total) => {
        if (step !== 'weights') return;
        if (steps.length === 0) headers = reads.length;
        steps.push([loaded, total]);
      },
    });
    expect(headers).toBe(6); // the length and the JSON of each
    const inOrder = [...reads.slice(headers)].sort(
      (a, b) => a.name.localeCompare(b.name) || a.offset - b.offset,
    );
    expect(reads.slice(headers)).toEqual(inOrder);
    expect(new Set(inOrder.map(({ name }) => name)).size).toBe(3);

    expect(steps.at(0)).toEqual([0, bytes]);
    expect(steps.at(-1)).toEqual([bytes, bytes]);
    expect(steps).toEqual([...steps].sort(([a], [b]) => a - b));
    expect(steps.length).toBeGreaterThan(3);
  });
});
