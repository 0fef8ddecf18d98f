import { expect, it } from 'vitest';
import { chooseFiles } from './choose-files';

const BASE = ['config.json', 'tokenizer.json'];
const noIndex = (): Promise<string> => Promise.reject(new Error('the index was asked for'));
const choose = (paths: readonly string[], index = noIndex) => chooseFiles('owner/name', paths, index);

it('takes the single file before shards, and no other format beside it', async () => {
  const shards = ['model-00001-of-00001.safetensors', 'model.safetensors.index.json'];
  const others = ['pytorch_model.bin', 'onnx/model.onnx', 'original/model.safetensors', 'README.md'];
  const paths = [...BASE, 'fastkv.json', 'model.safetensors', ...shards, ...others];
  expect(await choose(paths)).toEqual([...BASE, 'fastkv.json', 'model.safetensors']);
});

it('takes the shards that the index names, wherever they are, and without one a set by its names', async () => {
  const index = async () => JSON.stringify({ weight_map: { a: 'sub/b.safetensors', b: 'a.safetensors' } });
  const named = ['model.safetensors.index.json', 'a.safetensors', 'sub/b.safetensors'];
  expect(await choose([...BASE, ...named, 'c.safetensors'], index)).toEqual([...BASE, ...named]);
  const set = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  expect(await choose([...BASE, ...set])).toEqual([...BASE, ...set]);
});

it('names the shard that an index promises and nobody has', async () => {
  const index = async () => JSON.stringify({ weight_map: { a: 'a.safetensors', b: 'b.safetensors' } });
  const paths = [...BASE, 'model.safetensors.index.json', 'a.safetensors'];
  await expect(choose(paths, index)).rejects.toMatchObject({
    code: 'file-missing',
    message: expect.stringContaining('b.safetensors'),
  });
});

it.each([
  [['config.json', 'model-Q4_K_M.gguf'], 'dtype-unsupported', 'GGUF'],
  [['adapter_config.json', 'adapter_model.safetensors'], 'dtype-unsupported', 'LoRA adapter'],
  [[...BASE, 'onnx/model_q4.onnx'], 'dtype-unsupported', 'ONNX'],
  [[...BASE, 'pytorch_model-00001-of-00002.bin'], 'dtype-unsupported', 'PyTorch pickle'],
  [['tokenizer.json', 'model.safetensors'], 'file-missing', 'config.json'],
  [['config.json', 'model.safetensors', 'tokenizer.model'], 'file-missing', 'tokenizer.json'],
  [BASE, 'file-missing', 'model.safetensors'],
])('refuses %j by name', async (paths, code, named) => {
  await expect(choose(paths)).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
});
