/** Safetensors files and folders as tests need them: made, taken apart and spread over shards, in memory. */
import { readdirSync, readFileSync } from 'node:fs';
import type { PickedFile } from '../../protocol';
import type { ByteSource, ModelFolder } from './source';
import { memorySource } from './sources';

export type Files = Record<string, Uint8Array<ArrayBuffer>>;

export interface Tensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const encodeJson = (value: unknown): Uint8Array<ArrayBuffer> => encode(JSON.stringify(value));

/** Tensors one behind the other. https://github.com/huggingface/safetensors#format */
export function writeSafetensors(tensors: readonly Tensor[]): Uint8Array<ArrayBuffer> {
  const header: Record<string, object> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, (end += data.length)] };
  }
  return withHeader(
    JSON.stringify(header),
    tensors.map(({ data }) => data),
  );
}

/** A file of this header, whatever it says, and this data. */
export function withHeader(
  header: string | Uint8Array<ArrayBuffer>,
  data: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const head = typeof header === 'string' ? encode(header) : header;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(head.length), true);
  return concat([length, head, ...data]);
}

function concat(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** The tensors of a good file. */
export function readSafetensors(file: Uint8Array<ArrayBuffer>): Tensor[] {
  const begin = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, begin))) as Header;
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        return { name, dtype, shape, data: file.slice(begin + from, begin + to) };
      },
    );
}

export const filesOf = (dir: string): Files =>
  Object.fromEntries(readdirSync(dir).map((file) => [file, new Uint8Array(readFileSync(`${dir}/${file}`))]));

export const shardName = (i: number, count: number): string =>
  `model-${String(i + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;

export const INDEX = 'model.safetensors.index.json';

/**
 * The files of a model with its weights spread over shards and an index that says how. Neighbours go to different
 * shards, so that no layer is whole in one.
 */
export function sharded(files: Files, count: number): Files {
  const { 'model.safetensors': whole, ...others } = files;
  const tensors = readSafetensors(whole!);
  const shards = Array.from({ length: count }, (_, i) => tensors.filter((_, t) => t % count === i));
  const map = shards.flatMap((own, i) => own.map(({ name }) => [name, shardName(i, count)]));
  const total = tensors.reduce((sum, { data }) => sum + data.length, 0);
  return {
    ...others,
    ...Object.fromEntries(shards.map((own, i) => [shardName(i, count), writeSafetensors(own)])),
    [INDEX]: encodeJson({ metadata: { total_size: total }, weight_map: Object.fromEntries(map) }),
  };
}

export const without = (files: Files, ...names: string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));

/** As a browser gives them, below a folder whose path ends in a slash, or loose. */
export const picked = (files: Files, folder: string): PickedFile[] =>
  Object.entries(files).map(([path, bytes]) => ({
    path: folder + path,
    file: new File([bytes], path.split('/').at(-1)!, { lastModified: 1 }),
  }));

/** A file that tells what is read of it; a read beyond its end fails with no EngineError. */
export function watched(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  onRead: (offset: number, length: number) => void,
): ByteSource {
  const { read, ...source } = memorySource(name, bytes);
  return { ...source, read: (offset, length) => (onRead(offset, length), read(offset, length)) };
}

/** `list` is there only where it is wanted: a web host's folder has none. */
export function memoryFolder(
  files: Files,
  { list = true, open = memorySource }: { list?: boolean; open?: typeof memorySource } = {},
): ModelFolder {
  return {
    name: 'the folder',
    open: async (file) => files[file] && open(file, files[file]),
    whole: async (file) => files[file],
    ...(list && { list: async () => Object.keys(files) }),
  };
}
