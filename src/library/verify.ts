/** Checking a stored model against what it was when it was stored, and fetching again what is damaged. */
import { EngineError } from '../engine/errors';
import type { HubModel } from '../protocol';
import { fetchBytes, FileChanged } from './fetch-bytes';
import { CHUNK, digest } from './hashing';
import { remoteFile, type HubRemote } from './hub';
import type { FileRecord, Manifest } from './manifest';
import type { RandomFile } from './shelf';
import type { Transfer } from './transfer';

/** Chunks that are hashed at a time, while the next is read: browsers hash beside the worker. */
const AT_ONCE = 3;

/** Rejects with `download-damaged` where damage cannot be healed, and with what fetching rejects with. */
export async function verifyModel(
  { manifest, place, report, signal }: Transfer,
  accessToken: string | undefined,
  hub: HubRemote,
): Promise<void> {
  report.begin('verifying', manifest.files);
  for (const record of manifest.files) {
    const file = await place.open(record.path);
    try {
      const onChecked = (bytes: number) => {
        signal.throwIfAborted();
        report.moved(bytes);
      };
      const damaged = await damagedChunks(file, record, onChecked);
      for (const chunk of damaged) await heal({ manifest, record, chunk, file }, accessToken, hub);
    } finally {
      file.close();
    }
  }
}

/** Indices of the chunks that are not what they were. */
async function damagedChunks(
  file: RandomFile,
  record: FileRecord,
  onChecked: (bytes: number) => void,
): Promise<readonly number[]> {
  // What is behind the end was not written by us.
  if (file.getSize() > record.size) file.truncate(record.size);
  const damaged: number[] = [];
  const check = async (chunk: number) => {
    const { at, length } = boundsOf(record, chunk);
    const bytes = new Uint8Array(length);
    const read = file.read(bytes, { at });
    if (read < length || (await digest(bytes)) !== record.chunks[chunk]) damaged.push(chunk);
    onChecked(length);
  };
  for (let first = 0; first < record.chunks.length; first += AT_ONCE) {
    const batch = record.chunks.slice(first, first + AT_ONCE).map((_, i) => check(first + i));
    await Promise.all(batch);
  }
  return damaged;
}

const boundsOf = ({ size }: FileRecord, chunk: number) => {
  const at = chunk * CHUNK;
  return { at, length: Math.min(CHUNK, size - at) };
};

interface Damage {
  readonly manifest: Manifest;
  readonly record: FileRecord;
  readonly chunk: number;
  readonly file: RandomFile;
}

async function heal(
  { manifest: { name, origin }, record, chunk, file }: Damage,
  accessToken: string | undefined,
  hub: HubRemote,
): Promise<void> {
  const { path, size } = record;
  if (origin.kind !== 'hub') {
    throw damage(`${path} of ${name} is damaged`, 'It is a copy: delete it here and copy the files again.');
  }
  const model: HubModel = { ...origin, ...(accessToken !== undefined && { accessToken }) };
  const { at, length } = boundsOf(record, chunk);
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    const stretch = { from: at, to: at + length, size, etag: record.etag };
    await fetchBytes(remoteFile(model, origin.commit, path, hub), stretch, {
      onBytes: async (piece) => {
        bytes.set(piece, filled);
        filled += piece.length;
      },
    });
  } catch (thrown) {
    if (thrown instanceof FileChanged) filled = 0;
    else throw thrown instanceof EngineError ? whileHealing(path, name, thrown) : thrown;
  }
  if (filled < length || (await digest(bytes)) !== record.chunks[chunk]) {
    throw damage(
      `${path} of ${name} is damaged, and the Hub has another file now`,
      'Delete the model here and download it again.',
    );
  }
  file.write(bytes, { at });
  file.flush();
}

const damage = (found: string, todo: string): EngineError =>
  new EngineError('download-damaged', `The stored file ${found}. ${todo}`);

const whileHealing = (path: string, name: string, { code, message }: EngineError): EngineError =>
  new EngineError(
    code,
    `The stored file ${path} of ${name} is damaged and has to be fetched again. ${message}`,
  );
