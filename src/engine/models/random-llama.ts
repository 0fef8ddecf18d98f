/** Llamas of any size with random weights, for tests and benchmarks: made as they are read, never held as a whole. */
import { invariant } from '../errors';
import { memorySource } from '../weights/sources';
import type { ByteSource, ModelFolder } from '../weights/source';
import type { JsonObject } from '../json';
import { expectedTensors, parametersOf } from './tensors';
import { readConfig } from './config';
import type { ModelSpec } from './spec';

export type RandomLlama = Pick<ModelSpec, 'L' | 'H' | 'G' | 'D' | 'C' | 'F' | 'V'> & {
  /** Tokens that positions are made for. Default 16,384. */
  readonly contextLength?: number;
  /** Equal seeds make equal weights. */
  readonly seed: number;
  /** Fields of config.json beside those: another `model_type` has other tensors. */
  readonly config?: JsonObject;
  /** Files that the weights are spread over. Default 1: model.safetensors. */
  readonly shards?: number;
};

/**
 * A folder with config.json and an F32 model.safetensors, no tokenizer. Linear layers keep the size of what goes through
 * them; queries and keys are twice as large, so that attention picks some tokens over others as a trained model's does.
 */
export function randomLlamaFolder(llama: RandomLlama): ModelFolder {
  const config = configOf(llama);
  const sources = [
    memorySource('config.json', new TextEncoder().encode(JSON.stringify(config))),
    ...randomWeights(readConfig(config), llama),
  ];
  const open = async (file: string) => sources.find(({ name }) => name === file);
  return {
    name: `a random Llama of seed ${llama.seed}`,
    open,
    list: async () => sources.map(({ name }) => name),
    whole: async (file) => {
      const source = await open(file);
      return source?.read(0, source.size);
    },
  };
}

/** As its config.json says it. */
const configOf = ({ L, H, G, D, C, F, V, contextLength = 16_384, config }: RandomLlama) => ({
  model_type: 'llama',
  num_hidden_layers: L,
  num_attention_heads: H,
  num_key_value_heads: G,
  head_dim: D,
  hidden_size: C,
  intermediate_size: F,
  vocab_size: V,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  max_position_embeddings: contextLength,
  tie_word_embeddings: false,
  dtype: 'float32',
  ...config,
});

interface RandomTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where its values begin and end, counted over all tensors of its file. */
  readonly begin: number;
  readonly end: number;
  /** Values lie evenly within `spread` of `mean`. */
  readonly mean: number;
  readonly spread: number;
  readonly seed: number;
}

/** By file, neighbours together, in files of about equal length. */
function randomTensors(spec: ModelSpec, seed: number, files: number): readonly (readonly RandomTensor[])[] {
  const most = Math.ceil(parametersOf(spec) / files);
  const filled: RandomTensor[][] = [[]];
  let end = 0;
  expectedTensors(spec).forEach(({ name, shape }, i) => {
    if (end >= most && filled.length < files) [end] = [0, filled.push([])];
    const begin = end;
    end += shape.reduce((a, b) => a * b, 1);
    filled.at(-1)!.push({ name, shape, begin, end, seed: hash(i, seed), ...distribution(name, shape) });
  });
  return filled;
}

function distribution(name: string, shape: readonly number[]): Pick<RandomTensor, 'mean' | 'spread'> {
  if (name.includes('norm')) return { mean: 1, spread: 0.2 };
  const inputs = name.includes('embed_tokens') ? 1 : shape.at(-1)!;
  const gain = /[qk]_proj/.test(name) ? 2 : 1;
  // Evenly spread values have a standard deviation of spread / sqrt(3).
  return { mean: 0, spread: gain * Math.sqrt(3 / inputs) };
}

function randomWeights(spec: ModelSpec, { seed, shards = 1 }: RandomLlama): readonly ByteSource[] {
  const files = randomTensors(spec, seed, shards);
  const number = (i: number) => String(i).padStart(5, '0');
  return files.map((tensors, i) => {
    const shard = `model-${number(i + 1)}-of-${number(files.length)}.safetensors`;
    return randomFile(files.length === 1 ? 'model.safetensors' : shard, tensors);
  });
}

function randomFile(name: string, tensors: readonly RandomTensor[]): ByteSource {
  const head = safetensorsHead(tensors);
  const size = head.length + 4 * tensors.at(-1)!.end;
  return {
    name,
    size,
    read: async (offset, length) => {
      invariant(offset >= 0 && offset + length <= size, () => `${name}: read ${offset}+${length} of ${size}`);
      const bytes = new Uint8Array(length);
      bytes.set(head.subarray(offset, offset + length));
      const from = Math.max(0, offset - head.length);
      const to = offset + length - head.length;
      if (to <= from) return bytes;
      // A read may begin and end inside a value.
      const first = Math.floor(from / 4);
      const values = new Uint8Array(valuesOf(tensors, first, Math.ceil(to / 4)).buffer);
      bytes.set(values.subarray(from - 4 * first, to - 4 * first), length - (to - from));
      return bytes;
    },
  };
}

/** https://github.com/huggingface/safetensors#format; the data starts at a whole word. */
function safetensorsHead(tensors: readonly RandomTensor[]): Uint8Array<ArrayBuffer> {
  const entries = tensors.map(({ name, shape, begin, end }) => {
    return [name, { dtype: 'F32', shape, data_offsets: [4 * begin, 4 * end] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(text, 8);
  return head;
}

/** Values first..to (to not included) of a file. */
function valuesOf(tensors: readonly RandomTensor[], first: number, to: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(to - first);
  for (const { begin, end, mean, spread, seed } of tensors) {
    for (let i = Math.max(first, begin); i < Math.min(to, end); i++) {
      values[i - first] = mean + spread * (hash(i - begin, seed) / 2 ** 31 - 1);
    }
  }
  return values;
}

/** From 0 to 2^32 - 1: a Weyl sequence through the finalizer of MurmurHash3. */
function hash(i: number, seed: number): number {
  let h = Math.imul(i + 1, 0x9e37_79b1) ^ Math.imul(seed + 1, 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
