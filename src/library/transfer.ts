/** Filling a model's place with bytes, from the Hub or from files that the visitor has. */
import { EngineError } from '../engine/errors';
import { readSlice } from '../engine/weights/picked';
import type { HubModel } from '../protocol';
import { fetchBytes, FileChanged } from './fetch-bytes';
import { FileWriter } from './file-writer';
import { remoteFile, type HubRemote } from './hub';
import type { FileRecord, Manifest } from './manifest';
import type { ProgressReport } from './progress';
import type { Place } from './shelf';

/** What the manifest says of a transfer under way may be so old when the tab dies; the bytes themselves are not. */
const BETWEEN_MANIFESTS_MS = 2000;
/** Of one file in full: a damaged one is fetched once more. */
const ATTEMPTS = 2;
/** What is held of a file that is copied. */
const COPY_SLICE = 4 * 2 ** 20;

export interface Transfer {
  readonly manifest: Manifest;
  readonly place: Place;
  readonly report: ProgressReport;
  readonly signal: AbortSignal;
}

/** Fetches what is missing of each file and verifies it by the hash that the Hub tells. */
export async function downloadInto(
  transfer: Transfer,
  model: HubModel,
  commit: string,
  hub: HubRemote,
): Promise<void> {
  await fill(transfer, async (record, writer, append) => {
    for (let attempt = 1; ; attempt++) {
      const remote = remoteFile(model, commit, record.path, hub);
      const stretch = { from: record.storedBytes, to: record.size, size: record.size, etag: record.etag };
      try {
        const onEtag = (etag: string) => (record.etag = etag);
        await fetchBytes(remote, stretch, { onEtag, onBytes: append });
        if (await writer.finish()) return;
      } catch (thrown) {
        if (!(thrown instanceof FileChanged)) throw thrown;
      }
      writer.restart();
      if (attempt === ATTEMPTS) throw damaged(record.path, model.repo);
    }
  });
}

const damaged = (path: string, where: string): EngineError =>
  new EngineError(
    'download-damaged',
    `${path} of ${where} came twice with other content than the Hub says it has. Something on the way changes it, or ` +
      'the mirror is out of date: try again later or from another address.',
  );

/** Copies what is missing of each file, slice by slice. */
export async function copyInto(transfer: Transfer, files: ReadonlyMap<string, File>): Promise<void> {
  await fill(transfer, async (record, writer, append) => {
    const file = files.get(record.path)!;
    while (record.storedBytes < record.size) {
      const length = Math.min(COPY_SLICE, record.size - record.storedBytes);
      await append(await readSlice(record.path, file, record.storedBytes, length));
    }
    await writer.finish();
  });
}

type Fill = (
  record: FileRecord,
  writer: FileWriter,
  append: (bytes: Uint8Array) => Promise<void>,
) => Promise<void>;

async function fill({ manifest, place, report, signal }: Transfer, one: Fill): Promise<void> {
  let saved = Date.now();
  for (const record of manifest.files.filter(({ verified }) => !verified)) {
    const file = await place.open(record.path);
    try {
      if (file.getSize() > 0) report.begin('verifying', [record]);
      const writer = await FileWriter.resume(file, record, (bytes) => {
        signal.throwIfAborted();
        report.moved(bytes);
      });
      report.begin('transferring', manifest.files);
      await one(record, writer, async (bytes) => {
        signal.throwIfAborted();
        await writer.append(bytes);
        report.moved(bytes.length);
        if (Date.now() - saved < BETWEEN_MANIFESTS_MS) return;
        await place.writeManifest(manifest);
        saved = Date.now();
      });
    } finally {
      file.close();
      // Where the disk is full this may fail as well; the bytes tell on resuming what it would have said.
      await place.writeManifest(manifest).catch(() => undefined);
    }
  }
}
