/** Quantised models for tests: their weights on the CPU, and folders as MLX writes them. */
import { dequantiseReference, encodeEach, quantiseReference, type AffineGroups } from '../kernels/affine';
import { openSafetensors } from '../weights/safetensors';
import type { ModelFolder } from '../weights/source';
import { memorySource, readText } from '../weights/sources';
import { decodeTensor } from '../weights/decode-tensor';
import type { Tensors } from './reference';
import { expectedTensors } from './tensors';
import type { ModelSpec } from './spec';

/** How a matrix is packed, by its name without `.weight`; undefined: it stays as it is. */
export type FormFor = (module: string, K: number) => AffineGroups | undefined;

/** The same weights after quantisation: what the engine's logits are held to. */
export function afterQuantising(spec: ModelSpec, tensors: Tensors, formFor: FormFor): Tensors {
  const known = new Map<string, Float32Array | undefined>();
  for (const { name, shape } of expectedTensors(spec)) {
    const values = tensors(name);
    const form = shape[1] === undefined ? undefined : formFor(name.replace(/\.weight$/, ''), shape[1]);
    known.set(name, values && form ? dequantiseReference(quantiseReference(values, form), form) : values);
  }
  return (name) => known.get(name);
}

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function safetensors(tensors: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> {
  let end = 0;
  const header = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const head = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const file = new Uint8Array(8 + head.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  let at = 8 + head.length;
  for (const { bytes } of tensors.values()) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/** A matrix's three tensors. */
function pack(module: string, values: Float32Array, [N, K]: readonly number[], form: AffineGroups) {
  const { words, scales } = quantiseReference(values, form);
  const shape = [N!, K! / form.group];
  const dtype = form.scales.toUpperCase();
  const every = (part: 0 | 1): Tensor => {
    const encoded = encodeEach(
      scales.filter((_, i) => i % 2 === part),
      form.scales,
    );
    return { dtype, shape, bytes: new Uint8Array(encoded.buffer) };
  };
  return [
    [
      `${module}.weight`,
      { dtype: 'U32', shape: [N!, (K! * form.bits) / 32], bytes: new Uint8Array(words.buffer) },
    ],
    [`${module}.scales`, every(0)],
    [`${module}.biases`, every(1)],
  ] as const;
}

/** The files of a folder as MLX would have converted it: config.json with `quantization`, matrices packed. */
export async function mlxFiles(folder: ModelFolder, formFor: FormFor, most: AffineGroups) {
  const { tensors, source } = await openSafetensors((await folder.open('model.safetensors'))!);
  const packed = new Map<string, Tensor>();
  const quantization: Record<string, unknown> = { group_size: most.group, bits: most.bits, mode: 'affine' };
  for (const [name, { dtype, shape, begin, bytes }] of tensors) {
    const content = await source.read(begin, bytes);
    const module = name.replace(/\.weight$/, '');
    const form = shape[1] === undefined ? undefined : formFor(module, shape[1]);
    if (!form) packed.set(name, { dtype, shape, bytes: content });
    else
      for (const [key, tensor] of pack(module, decodeTensor(dtype, content), shape, form))
        packed.set(key, tensor);
    if (shape[1] === undefined || (form?.bits === most.bits && form.group === most.group)) continue;
    quantization[module] = form ? { group_size: form.group, bits: form.bits } : false;
  }
  const config = JSON.parse((await readText(folder, 'config.json'))!) as object;
  const json = JSON.stringify({ ...config, quantization, quantization_config: quantization });
  return { 'config.json': new TextEncoder().encode(json), 'model.safetensors': safetensors(packed) };
}

/** The same as a folder in memory; what it does not convert is as in the original. */
export async function mlxFolder(
  folder: ModelFolder,
  formFor: FormFor,
  most: AffineGroups,
): Promise<ModelFolder> {
  const files: Record<string, Uint8Array<ArrayBuffer>> = await mlxFiles(folder, formFor, most);
  return {
    name: `${folder.name} by MLX`,
    open: async (file) => (files[file] ? memorySource(file, files[file]) : folder.open(file)),
    whole: async (file, limit) => files[file] ?? folder.whole(file, limit),
  };
}
