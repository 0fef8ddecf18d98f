/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header, then the tensors' bytes without holes.
 * https://github.com/huggingface/safetensors#format
 *
 * Every claim of the header is checked before a tensor is trusted. In one thing this reads more than the reference
 * implementation does: a dtype that the format does not have (a newer one) spoils only its own tensor, not the file.
 */
import { EngineError, invariant } from '../errors';
import { cut, isObject, jsonFlaw, parseJsonObject, shown, type JsonObject } from '../json';
import type { ByteSource } from './source';

export interface TensorEntry {
  readonly name: string;
  /** Any name; one that the format does not have leaves `shape` unchecked. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The file that holds it. */
  readonly source: ByteSource;
  /** From the start of the file. */
  readonly begin: number; // bytes
  readonly bytes: number;
}

export interface SafetensorsFile {
  readonly source: ByteSource;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** Bits an element takes. F4 and F6 are packed, so only whole tensors of them fill whole bytes. */
const DTYPE_BITS: ReadonlyMap<string, number> = new Map([
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['BOOL', 8],
  ['U8', 8],
  ['I8', 8],
  ['F8_E4M3', 8],
  ['F8_E5M2', 8],
  ['F8_E8M0', 8],
  ['F8_E4M3FNUZ', 8],
  ['F8_E5M2FNUZ', 8],
  ['U16', 16],
  ['I16', 16],
  ['F16', 16],
  ['BF16', 16],
  ['U32', 32],
  ['I32', 32],
  ['F32', 32],
  ['U64', 64],
  ['I64', 64],
  ['F64', 64],
  ['C64', 64],
]);

const LENGTH_BYTES = 8;
/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads and checks the header; no tensor's bytes are touched.
 * Rejects with `safetensors-invalid` (tensor and numbers named), or whatever `source.read` rejects with.
 */
export async function openSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  const refuse = refuser(source.name);
  if (source.size < LENGTH_BYTES) {
    throw refuse(`has ${source.size} bytes, and the header's length alone takes ${LENGTH_BYTES}`);
  }
  const prefix = await source.read(0, LENGTH_BYTES);
  const headerBytes = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (headerBytes > MAX_HEADER_BYTES) {
    // What a Git LFS pointer or a web page looks like: its first letters make a huge number.
    throw refuse(`claims a header of ${headerBytes} bytes; the format allows ${MAX_HEADER_BYTES}`);
  }
  const dataBegin = LENGTH_BYTES + Number(headerBytes);
  if (dataBegin > source.size) {
    throw refuse(`claims a header of ${headerBytes} bytes but has only ${source.size} bytes in all`);
  }

  const header = decodeHeader(await source.read(LENGTH_BYTES, Number(headerBytes)), source.name);
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') checkMetadata(value, refuse);
    else entries.push({ ...readEntry(name, value, dataBegin, refuse), source });
  }
  checkLayout(entries, dataBegin, source.size, refuse);
  return { source, tensors: new Map(entries.map((entry) => [entry.name, entry])) };
}

type Refuse = (what: string) => EngineError;

const refuser =
  (file: string): Refuse =>
  (what) =>
    new EngineError(
      'safetensors-invalid',
      `${file} is not a whole safetensors file: it ${what}. Download or export the file again.`,
    );

function decodeHeader(bytes: Uint8Array, file: string): JsonObject {
  // Spaces may follow the header, not go before it, so that the ninth byte tells the format.
  if (bytes[0] !== 0x7b) throw refuser(file)('has a header that does not begin with {');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuser(file)('has a header that is not UTF-8');
  }
  const flaw = jsonFlaw(text);
  if (flaw) throw refuser(file)(`has a header that ${flaw}`);
  return parseJsonObject(text, `The header of ${file}`, 'safetensors-invalid');
}

function checkMetadata(value: unknown, refuse: Refuse): void {
  if (value === null) return; // as the reference implementation takes it
  if (!isObject(value) || !Object.values(value).every((entry) => typeof entry === 'string')) {
    throw refuse(`has a __metadata__ of ${shown(value)} where names with text are needed`);
  }
}

function readEntry(
  name: string,
  value: unknown,
  dataBegin: number,
  refuse: Refuse,
): Omit<TensorEntry, 'source'> {
  const wrong = (what: string): EngineError => refuse(`describes the tensor ${cut(name)} with ${what}`);
  if (!isObject(value)) throw wrong(`${shown(value)} where an object is needed`);
  const { dtype, shape, data_offsets: offsets } = value;

  if (typeof dtype !== 'string') throw wrong(`the dtype ${shown(dtype)} where a name is needed`);
  if (!isCounts(shape)) throw wrong(`the shape ${shown(shape)} where a list of counts is needed`);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw wrong(`the data_offsets ${shown(offsets)} where a pair of byte counts is needed`);
  }
  const [begin, end] = offsets as readonly [number, number];
  if (begin > end) throw wrong(`the data_offsets [${begin},${end}], which end before they begin`);
  const bits = DTYPE_BITS.get(dtype);
  if (bits !== undefined) checkBytes(dtype, shape, bits, [begin, end], wrong);
  return { name, dtype, shape, begin: dataBegin + begin, bytes: end - begin };
}

function checkBytes(
  dtype: string,
  shape: readonly number[],
  bits: number,
  [begin, end]: readonly [number, number],
  wrong: Refuse,
): void {
  const elements = shape.reduce((product, size) => product * size, 1);
  const needed = (elements * bits) / 8;
  // Every factor is a whole number, so a product that rounded is beyond the safe integers.
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(needed)) {
    throw wrong(`the shape ${shown(shape)} of ${dtype}, which does not fill whole bytes that can be counted`);
  }
  if (end - begin !== needed) {
    throw wrong(
      `data_offsets [${begin},${end}], but ${dtype} of shape ${shown(shape)} takes ${needed} bytes`,
    );
  }
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** The tensors must tile the rest of the file: no overlap, no hole, nothing missing or left over at the end. */
function checkLayout(entries: readonly TensorEntry[], dataBegin: number, size: number, refuse: Refuse): void {
  const inOrder = [...entries].sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  let end = dataBegin;
  let previous = 'the header';
  for (const entry of inOrder) {
    const name = cut(entry.name);
    if (entry.begin < end) {
      throw refuse(
        `has the tensor ${name} start at byte ${entry.begin}, inside ${previous} that ends at ${end}`,
      );
    }
    if (entry.begin > end) {
      throw refuse(
        `leaves a hole from byte ${end}, the end of ${previous}, to ${entry.begin}, where ${name} starts`,
      );
    }
    end = entry.begin + entry.bytes;
    previous = name;
    if (end > size) {
      throw refuse(`ends at byte ${size}, but the tensor ${name} reaches to ${end}: the file is cut short`);
    }
  }
  if (end < size) throw refuse(`has ${size - end} bytes after ${previous}, which ends at byte ${end}`);
  invariant(end === size, () => `the tensors end at ${end}, the file at ${size}`);
}
