/** Bad input on a real adapter: each is refused with a code and a sentence, and the page stays usable. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openNodeAdapter } from '../../tools/node-gpu';
import type { EngineErrorCode } from '../protocol';
import { runOptions } from './engine.test-support';
import { readBuffer } from './gpu/readback';
import { fromHalf } from './f16';
import { heldBytes } from './held-bytes.test-support';
import { loadModel, type LoadedModel, type LoadOptions } from './load-model';
import { FIRST_FOLDER, FIXTURES } from './models/fixtures.test-support';
import type { TokenId } from './shapes';
import {
  encode,
  filesOf,
  INDEX,
  sharded,
  shardName,
  without,
  type Files,
} from './weights/files.test-support';
import type { ByteSource, ModelFolder } from './weights/source';
import { memorySource } from './weights/sources';

const { prompt, continuation, folder: TIED } = FIXTURES.find(({ name }) => name === 'llama-tied')!;

function memoryFolder(files: Files, sources: Record<string, ByteSource> = {}): ModelFolder {
  return {
    name: 'the folder',
    open: async (file) => sources[file] ?? (files[file] && memorySource(file, files[file])),
    whole: async (file) => files[file],
  };
}

const withText = (files: Files, file: string, text: string): Files => ({ ...files, [file]: encode(text) });

/** The files with other fields in one of their JSON objects. */
function withFields(files: Files, file: string, fields: object): Files {
  const json = JSON.parse(new TextDecoder().decode(files[file])) as object;
  return withText(files, file, JSON.stringify({ ...json, ...fields }));
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** The files with another header before the same data. */
function withHeader(
  files: Files,
  change: (header: Header) => void,
  data = (bytes: Uint8Array) => bytes,
): Files {
  const file = files['model.safetensors']!;
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Header;
  change(header);
  const text = encode(JSON.stringify(header));
  const rest = data(file.subarray(8 + length));
  const changed = new Uint8Array(8 + text.length + rest.length);
  new DataView(changed.buffer).setBigUint64(0, BigInt(text.length), true);
  changed.set(text, 8);
  changed.set(rest, 8 + text.length);
  return { ...files, 'model.safetensors': changed };
}

/** An adapter that offers something else than the real one does. */
function adapterWith(adapter: GPUAdapter, own: object): GPUAdapter {
  return new Proxy(adapter, {
    get: (target, key) => {
      if (key in own) return own[key as never];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const limitsWith = ({ limits }: GPUAdapter, own: Record<string, number>) =>
  new Proxy(limits, {
    get: (target, key) => own[key as string] ?? (Reflect.get(target, key, target) as number),
  });

let gpu: GPU;
let model: LoadedModel | undefined;

beforeAll(async () => {
  ({ gpu } = await openNodeAdapter());
});
afterEach(() => {
  model?.device.destroy();
  model = undefined;
});

/** Fresh: an adapter makes one device in its life. */
const nextAdapter = async () => (await gpu.requestAdapter({ powerPreference: 'high-performance' }))!;

const open = async (adapter: GPUAdapter, files: Files, options: LoadOptions = {}) =>
  (model = await loadModel(adapter, memoryFolder(files), { dtype: 'f32', ...options }));

/** The adapter still makes its one device, and what runs on it is right. */
async function expectGoodLoad(adapter: GPUAdapter) {
  const { session } = await open(adapter, filesOf(TIED));
  const { tokens } = await session.run(prompt, runOptions(continuation.length));
  expect(tokens).toEqual(continuation);
}

const refusal = (code: EngineErrorCode, words: RegExp) => ({
  name: 'EngineError',
  code,
  message: expect.stringMatching(words),
});

const tied = filesOf(TIED);
const checkpoint = filesOf(FIRST_FOLDER);
const Q0 = 'model.layers.0.self_attn.q_proj.weight';

const REFUSED: [what: string, files: Files, code: EngineErrorCode, words: RegExp][] = [
  [
    'safetensors cut short',
    { ...tied, 'model.safetensors': tied['model.safetensors']!.slice(0, -1000) },
    'safetensors-invalid',
    /cut short/,
  ],
  [
    'a Git LFS pointer in place of the weights',
    withText(tied, 'model.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
    'safetensors-invalid',
    /claims a header of \d+ bytes/,
  ],
  [
    'a tensor that ends past the file',
    withHeader(tied, (header) => {
      header['model.norm.weight']!.shape = [128];
      header['model.norm.weight']!.data_offsets[1] += 256;
    }),
    'safetensors-invalid',
    /model\.norm\.weight reaches to \d+/,
  ],
  [
    'tensors that overlap',
    withHeader(tied, (header) => {
      header['model.norm.weight']!.data_offsets = [197_376, 197_632];
    }),
    'safetensors-invalid',
    /model\.norm\.weight start at byte \d+, inside model\.layers\.1\.self_attn\.v_proj/,
  ],
  [
    'a tensor that is missing',
    withHeader(tied, (header) => {
      header['renamed'] = header[Q0]!;
      Reflect.deleteProperty(header, Q0);
    }),
    'tensor-missing',
    /lacks the tensor model\.layers\.0\.self_attn\.q_proj\.weight/,
  ],
  [
    'a tensor of another shape',
    withHeader(tied, (header) => (header[Q0]!.shape = [32, 128])),
    'tensor-shape',
    /q_proj\.weight has the shape \[32, 128\] where config\.json asks for \[64, 64\]/,
  ],
  [
    'a tensor of bytes',
    withHeader(tied, (header) => Object.assign(header[Q0]!, { dtype: 'I8', shape: [256, 64] })),
    'dtype-unsupported',
    /q_proj\.weight is stored as I8; BF16, F16 or F32/,
  ],
  [
    'a checkpoint by GPTQ whose config.json does not say so',
    withHeader(tied, (header) => {
      header[Q0.replace('.weight', '.qweight')] = header[Q0]!;
      Reflect.deleteProperty(header, Q0);
    }),
    'dtype-unsupported',
    /quantised by GPTQ or AWQ \(it has the tensor .*q_proj\.qweight\).*made by MLX/,
  ],
  [
    'a checkpoint by MLX of another mode',
    withFields(tied, 'config.json', { quantization: { group_size: 32, bits: 4, mode: 'mxfp4' } }),
    'dtype-unsupported',
    /mlx, mode "mxfp4"/,
  ],
  [
    'a family that we do not know',
    withFields(tied, 'config.json', { model_type: 'gemma3', architectures: ['Gemma3ForCausalLM'] }),
    'family-unsupported',
    /gemma3.*Supported are llama/,
  ],
  [
    'a config.json that breaks off',
    withText(tied, 'config.json', '{"model_type": "lla'),
    'config-invalid',
    /JSON/,
  ],
  [
    'a vocabulary larger than the embedding',
    withFields(tied, 'config.json', { vocab_size: 1e9 }),
    'tensor-shape',
    /embed_tokens\.weight has the shape \[96, 64\] where config\.json asks for \[1000000000, 64\]/,
  ],
  [
    'a billion layers',
    withFields(tied, 'config.json', { num_hidden_layers: 1e9 }),
    'config-invalid',
    /num_hidden_layers 1000000000/,
  ],
  [
    'a context without end',
    withFields(tied, 'config.json', { max_position_embeddings: 1e15 }),
    'config-invalid',
    /max_position_embeddings 1000000000000000/,
  ],
  [
    'an index that names an absent shard',
    without(sharded(tied, 2), 'model-00002-of-00002.safetensors'),
    'file-missing',
    /no model-00002-of-00002\.safetensors in the folder, in which .* places model\./,
  ],
  [
    'a shard that lacks a tensor that the index promises',
    {
      ...sharded(tied, 2),
      [INDEX]: sharded(tied, 1)[INDEX]!,
      [shardName(0, 1)]: sharded(tied, 2)[shardName(0, 2)]!,
    },
    'tensor-missing',
    /model-00001-of-00001\.safetensors lacks the tensor model\.\S+ and \d+ more/,
  ],
  [
    'a needed tensor of a dtype that nobody knows',
    withHeader(tied, (header) => (header[Q0]!.dtype = 'F12')),
    'dtype-unsupported',
    /q_proj\.weight is stored as F12; BF16, F16 or F32/,
  ],
  ['a folder without weights', without(tied, 'model.safetensors'), 'file-missing', /no model\.safetensors/],
  [
    'a tokenizer.json that breaks off',
    { ...checkpoint, 'tokenizer.json': checkpoint['tokenizer.json']!.slice(0, 999) },
    'tokenizer-invalid',
    /tokenizer\.json is not JSON/,
  ],
  [
    'a tokenizer.json of another model',
    withFields(checkpoint, 'tokenizer.json', { model: { type: 'BPE', vocab: { a: 99_999 }, merges: [] } }),
    'tokenizer-invalid',
    /99999.*ends at 1536/,
  ],
  [
    'a chat template that does not parse',
    withFields(checkpoint, 'tokenizer_config.json', { chat_template: '{% for' }),
    'template-invalid',
    /does not parse/,
  ],
];

describe('a folder for a chat', () => {
  const { 'tokenizer.json': _, ...withoutTokenizer } = filesOf(FIRST_FOLDER);
  it.each([
    ['a tokenizer', withoutTokenizer, 'file-missing'],
    [
      'a chat template',
      withFields(filesOf(FIRST_FOLDER), 'tokenizer_config.json', { chat_template: null }),
      'template-invalid',
    ],
  ] as const)('is refused without %s before a device is asked for', async (_what, files, code) => {
    const { adapter } = await openNodeAdapter();
    const idle = adapterWith(adapter, { requestDevice: () => expect.unreachable('a device was asked for') });
    await expect(loadModel(idle, memoryFolder(files), { needs: 'chat' })).rejects.toMatchObject({
      code,
    });
  });
});

describe('a folder that cannot be used', () => {
  it.each(REFUSED)('is refused before a device is asked for: %s', async (_, files, code, words) => {
    const adapter = await nextAdapter();
    await expect(open(adapter, files)).rejects.toMatchObject(refusal(code, words));
    await expectGoodLoad(adapter);
  });

  it('is refused when a read fails half-way, and its device is given back', async () => {
    let device: GPUDevice | undefined;
    const adapter = await nextAdapter();
    const observed = adapterWith(adapter, {
      requestDevice: async (wanted: GPUDeviceDescriptor) => (device = await adapter.requestDevice(wanted)),
    });
    const whole = memorySource('model.safetensors', tied['model.safetensors']!);
    const source: ByteSource = {
      ...whole,
      read: async (offset, length) => {
        if (length < 100_000) return whole.read(offset, length);
        throw Object.assign(new Error('The network went away.'), {
          name: 'EngineError',
          code: 'file-unreadable',
        });
      },
    };
    const folder = memoryFolder(tied, { 'model.safetensors': source });
    await expect(loadModel(observed, folder)).rejects.toMatchObject(refusal('file-unreadable', /network/));
    expect((await device!.lost).reason).toBe('destroyed');
    await expectGoodLoad(await nextAdapter());
  });
});

describe('a GGUF file', () => {
  it('is refused by name, with what to take instead', async () => {
    const folder = { ...memoryFolder({}), name: 'models/tiny-q4_0.gguf' };
    await expect(loadModel(await nextAdapter(), folder)).rejects.toMatchObject(
      refusal('dtype-unsupported', /tiny-q4_0\.gguf is a GGUF file.*unquantised checkpoint.*made by MLX/),
    );
  });
});

describe('a chat template that fails on a conversation', () => {
  it('is reported with a code, and the model goes on answering', async () => {
    const template = "{{ raise_exception('Roles must alternate.') }}";
    const files = withFields(checkpoint, 'tokenizer_config.json', { chat_template: template });
    const { tokenizer, session } = await open(await nextAdapter(), files);
    expect(() =>
      tokenizer!.chat([{ role: 'user', content: 'Hello' }], { addGenerationPrompt: true }),
    ).toThrow(expect.objectContaining(refusal('template-invalid', /Roles must alternate/)));
    expect((await session.run([5 as TokenId], runOptions(2))).tokens).toHaveLength(2);
  });
});

describe('an adapter that offers too little', () => {
  it('is refused when a limit is below what the kernels are written for, naming it', async () => {
    const adapter = await nextAdapter();
    const limits = limitsWith(adapter, { maxStorageBufferBindingSize: 64 * 2 ** 20 });
    await expect(open(adapterWith(adapter, { limits }), tied)).rejects.toMatchObject(
      refusal('adapter-limits', /maxStorageBufferBindingSize = 67108864, and 134217728 is needed/),
    );
    await expectGoodLoad(adapter);
  });

  it('is refused profile fast without shader-f16, and runs the portable one', async () => {
    const adapter = await nextAdapter();
    const plain = adapterWith(adapter, { features: new Set(['subgroups']) });
    await expect(open(plain, tied, { profile: 'fast' })).rejects.toMatchObject(
      refusal('adapter-limits', /needs shader-f16 and subgroups.*Use profile portable/),
    );
    const { session, info } = await open(plain, tied, { profile: 'portable' });
    expect(info.profile).toBe('portable');
    expect((await session.run(prompt, runOptions(3))).tokens).toEqual(continuation.slice(0, 3));
  });
});

describe('memory that the device does not give', () => {
  /** From now on the device refuses buffers beyond `most` bytes in all, by its own error. */
  function leaveOnly(device: GPUDevice, most: number): () => void {
    const make = device.createBuffer.bind(device);
    let left = most;
    device.createBuffer = (wanted) => {
      left -= wanted.size;
      return make(left < 0 ? { ...wanted, size: device.limits.maxBufferSize + 16 } : wanted);
    };
    return () => (device.createBuffer = make);
  }

  it('ends a load with out-of-memory, and the next load works', async () => {
    const adapter = await nextAdapter();
    const small = adapterWith(adapter, {
      requestDevice: async (wanted: GPUDeviceDescriptor) => {
        const device = await adapter.requestDevice(wanted);
        leaveOnly(device, 100_000);
        return device;
      },
    });
    await expect(open(small, tied)).rejects.toMatchObject(refusal('out-of-memory', /no room for the model/));
    await expectGoodLoad(await nextAdapter());
  });

  it('ends a turn with out-of-memory, and a shorter one then works', async () => {
    const { session, device } = await open(await nextAdapter(), tied);
    await session.run(prompt, runOptions(3));
    const long = Array.from({ length: 400 }, (_, i) => (i % 96) as TokenId);
    const giveBack = leaveOnly(device, 100_000);
    await expect(session.run(long, runOptions(3))).rejects.toMatchObject(
      refusal('out-of-memory', /no room for the chat/),
    );
    giveBack();
    expect((await session.run(prompt, runOptions(5))).tokens).toEqual(continuation.slice(0, 5));
  });

  it('is not asked for in a larger buffer than the device binds', async () => {
    const adapter = await nextAdapter();
    const limits = limitsWith(adapter, { maxStorageBufferBindingSize: 128 * 2 ** 20 });
    const files = withFields(tied, 'config.json', { max_position_embeddings: 2 ** 22 });
    const { session } = await open(adapterWith(adapter, { limits }), files);
    // Keys take 128 bytes a token and layer: 2^20 tokens fill 128 MiB.
    const long = new Array<TokenId>(2 ** 20).fill(5 as TokenId);
    await expect(session.run(long, runOptions(3))).rejects.toMatchObject(
      refusal('out-of-memory', /allows 134217728.*Shorten the document/),
    );
    expect((await session.run(prompt, runOptions(5))).tokens).toEqual(continuation.slice(0, 5));
  });
});

describe('the context', () => {
  it('ends an answer when its positions end, and not before', async () => {
    const long = [...prompt, ...continuation].slice(0, 25);
    const { session } = await open(await nextAdapter(), tied);
    const free = await session.run(long, runOptions(7));
    expect(free.stopReason).toBe('length');
    model!.device.destroy();

    const files = withFields(tied, 'config.json', { max_position_embeddings: 32 });
    const short = await open(await nextAdapter(), files);
    const ended = await short.session.run(long, runOptions(100));
    expect(ended).toMatchObject({ stopReason: 'context', tokens: free.tokens });
    expect((await short.session.run(long, runOptions(7))).stopReason).toBe('length');
  });
});

describe('a large checkpoint', () => {
  const [C, F, V, D] = [1024, 32_768, 64, 128];
  const config = {
    model_type: 'llama',
    hidden_size: C,
    intermediate_size: F,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    head_dim: D,
    vocab_size: V,
    tie_word_embeddings: true,
  };
  const shapes: Record<string, readonly number[]> = {
    'model.embed_tokens.weight': [V, C],
    'model.layers.0.input_layernorm.weight': [C],
    'model.layers.0.self_attn.q_proj.weight': [D, C],
    'model.layers.0.self_attn.k_proj.weight': [D, C],
    'model.layers.0.self_attn.v_proj.weight': [D, C],
    'model.layers.0.self_attn.o_proj.weight': [C, D],
    'model.layers.0.post_attention_layernorm.weight': [C],
    'model.layers.0.mlp.gate_proj.weight': [F, C],
    'model.layers.0.mlp.up_proj.weight': [F, C],
    'model.layers.0.mlp.down_proj.weight': [C, F],
    'model.norm.weight': [C],
  };

  /** A half and a bfloat16 hold the same small number: 2^-10 times 1 to 2, by its place in the file. */
  const bitsAt = (place: number) => 0x3a80 | (Math.imul(place, 0x9e3779b1) >>> 25);
  const valueAt = (place: number) => new Float32Array(Uint32Array.of(bitsAt(place) << 16).buffer)[0]!;

  /** Never whole in memory: each read makes its bytes. */
  function madeUp(onRead: (offset: number, length: number) => void) {
    const header: Header = {};
    let end = 0;
    for (const [name, shape] of Object.entries(shapes)) {
      const begin = end;
      end += 2 * shape.reduce((a, b) => a * b, 1);
      header[name] = { dtype: 'BF16', shape: [...shape], data_offsets: [begin, end] };
    }
    const json = encode(JSON.stringify(header).padEnd(2000));
    const start = new Uint8Array(8 + json.length);
    new DataView(start.buffer).setBigUint64(0, BigInt(json.length), true);
    start.set(json, 8);
    const source: ByteSource = {
      name: 'model.safetensors',
      size: start.length + end,
      read: async (offset, length) => {
        onRead(offset, length);
        if (offset < start.length) return start.slice(offset, offset + length);
        const made = new Uint16Array(length / 2);
        for (let i = 0; i < made.length; i++) made[i] = bitsAt(offset / 2 + i);
        return new Uint8Array(made.buffer);
      },
    };
    return { source, beginOf: (name: string) => start.length + header[name]!.data_offsets[0] };
  }

  it('of 200 MB loads right, in reads of at most 8 MiB, and JavaScript never holds 64 MiB of it', async () => {
    const before = heldBytes();
    let peak = 0;
    const reads: { offset: number; length: number }[] = [];
    const { source, beginOf } = madeUp((offset, length) => {
      peak = Math.max(peak, heldBytes() + length - before);
      reads.push({ offset, length });
    });
    expect(source.size).toBeGreaterThan(200e6);
    const folder = memoryFolder(
      { 'config.json': encode(JSON.stringify(config)) },
      { 'model.safetensors': source },
    );
    model = await loadModel(await nextAdapter(), folder);
    expect(Math.max(...reads.map(({ length }) => length))).toBe(8 * 2 ** 20);
    expect(peak).toBeLessThan(64 * 2 ** 20);

    // Around each cut between two reads, what is on the device is what is in the file.
    const name = 'model.layers.0.mlp.down_proj.weight';
    const begin = beginOf(name);
    const bytes = 2 * C * F;
    const { to } = model.session.placements.find(({ tensor }) => tensor === name)!;
    const { buffer } = 'pieces' in to ? to.pieces[0]! : to;
    const cuts = reads.map(({ offset }) => offset - begin).filter((at) => at > 0 && at < bytes);
    expect(cuts.length).toBeGreaterThanOrEqual(7);
    for (const at of [...cuts, bytes - 16]) {
      const found = new Uint16Array(await readBuffer(model.device, buffer, at - 16, 32));
      const expected = Array.from(found, (_, i) => valueAt((begin + at - 16) / 2 + i));
      expect(Array.from(found, fromHalf)).toEqual(expected);
    }
  });
});
