import { describe, expect, it } from 'vitest';
import { chooseFiles, surveyFiles } from './model-files';

const BASE = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
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
  [[...BASE, 'llama-7b.pth'], 'dtype-unsupported', 'PyTorch pickle'],
  [[...BASE, 'consolidated.safetensors'], 'dtype-unsupported', 'Mistral’s own layout'],
  [['adapter_config.json', 'adapter_model.safetensors'], 'dtype-unsupported', 'LoRA adapter'],
  [[...BASE, 'onnx/model_q4.onnx'], 'dtype-unsupported', 'ONNX'],
  [[...BASE, 'pytorch_model-00001-of-00002.bin'], 'dtype-unsupported', 'PyTorch pickle'],
  [['tokenizer.json', 'model.safetensors'], 'file-missing', 'config.json'],
  [['config.json', 'model.safetensors', 'tokenizer.model'], 'file-missing', 'tokenizer.json'],
  [['config.json', 'tokenizer.json', 'model.safetensors'], 'file-missing', 'chat template'],
  [BASE, 'file-missing', 'model.safetensors'],
  [[...BASE, 'training_args.bin', 'optimizer.pt', 'rng_state_0.pth'], 'file-missing', 'model.safetensors'],
  [[...BASE, 'adapter_model.bin'], 'dtype-unsupported', 'LoRA adapter'],
])('refuses %j by name', async (paths, code, named) => {
  await expect(choose(paths)).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
});

describe('what is missing', () => {
  const missing = async (paths: readonly string[], index = noIndex) =>
    (await surveyFiles('it', paths, index)).missing.map(({ path }) => path);

  it('is never what a model can do without, which is taken where it is there', async () => {
    const there = [...BASE, 'special_tokens_map.json', 'generation_config.json', 'model.safetensors'];
    const { chosen, missing: none } = await surveyFiles('it', there, noIndex);
    expect([...chosen].sort()).toEqual([...there].sort());
    expect(none).toEqual([]);
    expect(await missing([...BASE, 'model.safetensors'])).toEqual([]);
  });

  it('is named file by file, whatever else is there', async () => {
    expect(await missing(['model.safetensors'])).toEqual(BASE);
    expect(await missing([])).toEqual([...BASE, 'model.safetensors']);
    expect(await missing([...BASE.slice(0, 2), 'chat_template.jinja', 'model.safetensors'])).toEqual([]);
  });

  it('is each shard that the index names or the numbers tell, and what is there waits', async () => {
    const index = async () => JSON.stringify({ weight_map: { a: 'b.safetensors', b: 'a.safetensors' } });
    const there = [...BASE, 'model.safetensors.index.json', 'b.safetensors'];
    expect(await surveyFiles('it', there, index)).toEqual({
      chosen: there,
      missing: [{ path: 'a.safetensors', note: undefined }],
    });
    expect(await missing([...BASE, 'model-00002-of-00003.safetensors'])).toEqual([
      'model-00001-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
    ]);
  });

  it('says what stands in for a file that is not read', async () => {
    const { missing: files } = await surveyFiles(
      'it',
      ['config.json', 'tokenizer.model', 'model.safetensors'],
      noIndex,
    );
    expect(files[0]).toMatchObject({
      path: 'tokenizer.json',
      note: expect.stringContaining('tokenizer.model'),
    });
  });
});

it('refuses an index that leads out of the folder, and shards of two sets', async () => {
  const index = async () => JSON.stringify({ weight_map: { a: '../other.safetensors' } });
  const paths = [...BASE, 'model.safetensors.index.json'];
  await expect(choose(paths, index)).rejects.toMatchObject({ code: 'safetensors-invalid' });
  const sets = ['model-00001-of-00002.safetensors', 'model-00001-of-00003.safetensors'];
  await expect(choose([...BASE, ...sets])).rejects.toMatchObject({ code: 'safetensors-invalid' });
});
