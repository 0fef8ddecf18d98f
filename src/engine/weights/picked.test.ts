import { describe, expect, it } from 'vitest';
import type { PickedFile } from '../../protocol';
import { filesOf, INDEX, memoryFolder, picked, sharded, shardName, without } from './files.test-support';
import { filesFolder, gatherModel, pickedFolder } from './picked';
import { openWeights } from './shards';

const whole = filesOf('src/engine/models/fixtures/llama-bf16');
const three = sharded(whole, 3);

/** Files of these paths, each with its path as its text. */
const at = (...paths: string[]): PickedFile[] =>
  paths.map((path) => ({ path, file: new File([path], path.split('/').at(-1)!) }));

async function texts(files: readonly PickedFile[]): Promise<Record<string, string>> {
  const all = [...gatherModel(files).files].map(async ([path, file]) => [path, await file.text()] as const);
  return Object.fromEntries(await Promise.all(all));
}

describe('the model among what was dropped', () => {
  it.each(['', 'llama/', 'a/b/c/llama/'])('lies in the folder with config.json: %s', async (folder) => {
    const files = at(`${folder}config.json`, `${folder}model.safetensors`, `${folder}README.md`);
    expect(Object.keys(await texts(files))).toEqual(['config.json', 'model.safetensors']);
    expect(gatherModel(files).name).toBe(folder === '' ? undefined : 'llama');
  });

  it('is called as its owner calls it where it lies in the cache of huggingface_hub', () => {
    const cached = at('hub/models--Qwen--Qwen3-0.6B/snapshots/c1899de/config.json');
    expect(gatherModel(cached).name).toBe('Qwen/Qwen3-0.6B');
  });

  it('is the outer one where a folder keeps parts or variants below itself', async () => {
    const files = at('m/config.json', 'm/model.safetensors', 'm/1_Pooling/config.json', 'm/mlx/config.json');
    expect((await texts([...files, ...at('m/mlx/model.safetensors')]))['model.safetensors']).toBe(
      'm/model.safetensors',
    );
  });

  it('is the one with weights where another folder has a config.json alone', () => {
    expect(gatherModel(at('x/config.json', 'x/m/config.json', 'x/m/model.safetensors')).name).toBe('m');
  });

  it('takes from another folder what its own lacks and only one other has', async () => {
    const [first, second] = [shardName(0, 2), shardName(1, 2)];
    const files = at('m/config.json', `m/part/${first}`, `m/config/tokenizer.json`, `other/${second}`);
    expect(await texts(files)).toMatchObject({
      [first]: `m/part/${first}`,
      [second]: `other/${second}`,
      'tokenizer.json': 'm/config/tokenizer.json',
    });
    const twice = at('m/config.json', 'a/tokenizer.json', 'b/tokenizer.json', 'c/tokenizer.json');
    expect(await texts(twice)).toEqual({ 'config.json': 'm/config.json' });
  });

  it('takes no other single file or index where its own folder has weights', async () => {
    const [first, second] = [shardName(0, 2), shardName(1, 2)];
    const own = at('m/config.json', `m/${first}`, `m/${second}`);
    const files = [...own, ...at('m/2_Dense/model.safetensors', `assistant/${INDEX}`)];
    const found = await texts(files);
    expect(found).not.toHaveProperty(['model.safetensors']);
    expect(found).not.toHaveProperty([INDEX]);
    const bare = at('m/config.json', 'weights/model.safetensors');
    expect((await texts(bare))['model.safetensors']).toBe('weights/model.safetensors');
  });

  it('takes nothing that lies with another config.json', async () => {
    const own = at('a/config.json', 'a/model.safetensors');
    const other = at('b/config.json', 'b/chat_template.jinja', 'b/more/tokenizer.json', 'a/c/config.json');
    const found = await texts([...own, ...other, ...at('a/c/tokenizer_config.json', 'd/fastkv.json')]);
    expect(found).not.toHaveProperty(['chat_template.jinja']);
    expect(found).not.toHaveProperty(['tokenizer.json']);
    expect(found).not.toHaveProperty(['tokenizer_config.json']);
    expect(found['fastkv.json']).toBe('d/fastkv.json');
  });

  it('keeps its own of two files of one name', async () => {
    const files = at('m/onnx/tokenizer.json', 'm/config.json', 'm/tokenizer.json', 'm/model.safetensors');
    expect((await texts(files))['tokenizer.json']).toBe('m/tokenizer.json');
  });

  it('may lack config.json: files of any folders then make one, unless two have one name', async () => {
    const shards = at(`a/${shardName(0, 2)}`, `b/${shardName(1, 2)}`);
    expect(Object.keys(await texts(shards))).toEqual([shardName(0, 2), shardName(1, 2)]);
    expect(() => gatherModel(at('a/model.safetensors', 'b/model.safetensors'))).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining('a, b') }),
    );
  });

  it.each([
    ['two', ['a', 'b'], 'a, b'],
    ['six, of which four are named', ['f', 'e', 'd', 'c', 'b', 'a'], 'a, b, c, d and 2 more'],
  ])('is refused where there are several: %s', (_, folders, named) => {
    const files = folders.flatMap((folder) => at(`${folder}/config.json`, `${folder}/model.safetensors`));
    expect(() => gatherModel(files)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(named) }),
    );
  });
});

describe('a picked folder', () => {
  it('gives what the folder on disk gives, from any depth and in any order', async () => {
    const expected = await openWeights(memoryFolder(three));
    const shards = picked(without(three, INDEX), 'x/y/').reverse();
    const weights = await openWeights(pickedFolder('y', shards));
    expect([...weights.tensors.keys()]).toEqual([...expected.tensors.keys()]);
    expect(weights.sources.map(({ name }) => name)).toEqual(expected.sources.map(({ name }) => name));
    const entry = [...weights.tensors.values()][5]!;
    const same = expected.tensors.get(entry.name)!;
    expect(await entry.source.read(entry.begin, entry.bytes)).toEqual(
      await same.source.read(same.begin, same.bytes),
    );
  });

  it('never reads a weights file whole', async () => {
    const slices: number[] = [];
    const [{ path, file }] = picked({ 'model.safetensors': whole['model.safetensors']! }, '') as [PickedFile];
    const slice = file.slice.bind(file);
    file.slice = (from = 0, to = file.size) => (slices.push(to - from), slice(from, to));
    const unread = () => expect.unreachable('all of it was asked for');
    Object.assign(file, { arrayBuffer: unread, bytes: unread, text: unread, stream: unread });
    await openWeights(filesFolder('it', new Map([[path, file]])));
    expect(slices).toHaveLength(2); // the header's length, and the header
  });

  it('says of a file that was changed on disk that it has to be chosen again', async () => {
    const [{ path, file }] = at('model.safetensors') as [PickedFile];
    file.slice = () => {
      const refuse = async () => Promise.reject(new DOMException('not what it was', 'NotReadableError'));
      return Object.assign(new Blob(), { arrayBuffer: refuse });
    };
    await expect(openWeights(pickedFolder('it', [{ path, file }]))).rejects.toMatchObject({
      code: 'file-unreadable',
      message: expect.stringMatching(/model\.safetensors .*not what it was.*Choose the model's files again/),
    });
  });

  it('refuses a text that is too long to be one', async () => {
    const [{ path, file }] = at('tokenizer.json') as [PickedFile];
    await expect(pickedFolder('it', [{ path, file }]).whole(path, 5)).rejects.toMatchObject({
      code: 'file-unreadable',
    });
  });
});
