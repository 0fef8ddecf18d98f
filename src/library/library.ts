/** Models kept in private storage: fetched, copied, checked, mended, deleted; one at a time a model over all tabs. */
import { EngineError, toEngineError } from '../engine/errors';
import { notStored } from '../engine/weights/stored';
import type {
  HubListing,
  LibraryApi,
  OnProgress,
  PickedModel,
  StorageSpace,
  StoredModel,
  StoredOrigin,
} from '../library-protocol';
import type { HubModel, PickedFile } from '../protocol';
import { copyKey, examineFiles, pickFiles } from './copy';
import { fetchText, listHub, type HubRemote } from './hub';
import { carryOver, describe, hubKey, isComplete, storedOf, totalOf, type Manifest } from './manifest';
import { ProgressReport } from './progress';
import { storageFull, type Place, type Shelf } from './shelf';
import { copyInto, downloadInto, type Transfer } from './transfer';
import { verifyModel } from './verify';

export interface LibraryWorld {
  readonly shelf: Shelf;
  readonly fetch: typeof fetch;
  /** Runs a job while nobody else, in any tab, runs one of this key. `onWait` is called before waiting, and may throw. */
  exclusively<T>(key: string, signal: AbortSignal, onWait: () => void, job: () => Promise<T>): Promise<T>;
  estimate(): Promise<StorageEstimate>;
  persisted(): Promise<boolean>;
  /** For tests, which do not wait. */
  readonly pause?: HubRemote['pause'];
}

type NewModel = Pick<Manifest, 'key' | 'name' | 'files'> & { readonly origin: StoredOrigin };

export class Library implements LibraryApi {
  readonly #running = new Map<string, AbortController>();

  constructor(private readonly world: LibraryWorld) {}

  look(model: HubModel): Promise<HubListing> {
    return this.#as(undefined, async (signal) => {
      const remote = this.#remote(signal);
      const { commit, files } = await listHub(model, remote);
      const stored = await this.#manifest(hubKey(model));
      const records = carryOver(files, stored?.files ?? []);
      // Also asked for because a repository may show its files' names to everybody and their bytes to few.
      const config = await fetchText(
        model,
        commit,
        files.find(({ path }) => path === 'config.json')!,
        remote,
      );
      return {
        repo: model.repo,
        commit,
        files: files.map(({ path, size }) => ({ path, size })),
        totalBytes: totalOf(records),
        storedBytes: storedOf(records),
        config,
      };
    });
  }

  download(transfer: string, model: HubModel, onProgress: OnProgress): Promise<StoredModel> {
    return this.#as(transfer, async (signal) => {
      const report = new ProgressReport(onProgress);
      report.begin('listing');
      const { commit, files } = await listHub(model, this.#remote(signal));
      const { repo, revision, hubUrl } = model;
      const wanted: NewModel = {
        key: hubKey(model),
        name: repo,
        origin: { kind: 'hub', repo, revision, commit, hubUrl },
        files: carryOver(files, []),
      };
      return this.#store(wanted, { report, signal }, (transfer) =>
        downloadInto(transfer, model, commit, this.#remote(signal)),
      );
    });
  }

  examine(added: readonly PickedFile[], waiting?: PickedModel): Promise<PickedModel> {
    return this.#as(undefined, () => examineFiles(added, waiting));
  }

  copy(
    transfer: string,
    name: string,
    picked: readonly PickedFile[],
    onProgress: OnProgress,
  ): Promise<StoredModel> {
    return this.#as(transfer, async (signal) => {
      const report = new ProgressReport(onProgress);
      report.begin('listing');
      const chosen = await pickFiles(name, picked);
      const files = [...chosen].map(([path, { size }]) => ({
        path,
        size,
        hash: { algorithm: 'none' } as const,
      }));
      const wanted: NewModel = {
        key: await copyKey(name, chosen),
        name,
        origin: { kind: 'copy' },
        files: carryOver(files, []),
      };
      return this.#store(wanted, { report, signal }, (transfer) => copyInto(transfer, chosen));
    });
  }

  verify(
    transfer: string,
    key: string,
    accessToken: string | undefined,
    onProgress: OnProgress,
  ): Promise<StoredModel> {
    return this.#as(transfer, async (signal) => {
      const report = new ProgressReport(onProgress);
      const waiting = () => report.begin('waiting');
      return this.world.exclusively(key, signal, waiting, async () => {
        const manifest = await this.#manifest(key);
        if (!manifest) throw notStored(key);
        if (!isComplete(manifest)) throw notComplete(manifest);
        const place = await this.world.shelf.place(key);
        await verifyModel({ manifest, place, report, signal }, accessToken, this.#remote(signal));
        return describeIn(place, manifest);
      });
    });
  }

  async cancel(transfer: string): Promise<void> {
    this.#running
      .get(transfer)
      ?.abort(new EngineError('cancelled', 'The transfer was stopped. What is stored of it is kept.'));
  }

  list(): Promise<readonly StoredModel[]> {
    return this.#as(undefined, async () => {
      const manifests = await this.world.shelf.manifests();
      return Promise.all(
        manifests.map(async (manifest) => describeIn(await this.world.shelf.place(manifest.key), manifest)),
      );
    });
  }

  remove(key: string): Promise<void> {
    return this.#as(undefined, (signal) => {
      const inUse = () => {
        throw new EngineError(
          'busy',
          `${key} is being downloaded or checked, here or in another tab. Stop that, then delete it.`,
        );
      };
      return this.world.exclusively(key, signal, inUse, () => this.world.shelf.remove(key));
    });
  }

  async space(): Promise<StorageSpace> {
    try {
      await this.world.shelf.manifests();
    } catch {
      return { available: false, usageBytes: 0, quotaBytes: 0, persisted: false };
    }
    const { usage = 0, quota = 0 } = await this.world.estimate();
    return { available: true, usageBytes: usage, quotaBytes: quota, persisted: await this.world.persisted() };
  }

  /** Brings what is wanted into storage, keeping what is there of the same files. */
  #store(
    wanted: NewModel,
    { report, signal }: Pick<Transfer, 'report' | 'signal'>,
    fill: (transfer: Transfer) => Promise<void>,
  ): Promise<StoredModel> {
    const { key } = wanted;
    const waiting = () => report.begin('waiting', wanted.files);
    return this.world.exclusively(key, signal, waiting, async () => {
      const before = await this.#manifest(key);
      // Bytes that no manifest speaks of are of no use.
      if (!before) await this.world.shelf.remove(key);
      const place = await this.world.shelf.place(key);
      const files = carryOver(wanted.files, before?.files ?? []);
      for (const file of before?.files ?? []) if (!files.includes(file)) await place.removeFile(file.path);
      const manifest: Manifest = { ...wanted, version: 1, files };
      await place.writeManifest(manifest);
      const need = totalOf(files) - storedOf(files);
      const room = await place.room(need);
      if (room < need) throw storageFull(need, room);
      await fill({ manifest, place, report, signal });
      await place.writeManifest(manifest);
      return describeIn(place, manifest);
    });
  }

  async #manifest(key: string): Promise<Manifest | undefined> {
    const all = await this.world.shelf.manifests().catch(() => []);
    return all.find((manifest) => manifest.key === key);
  }

  #remote(signal: AbortSignal): HubRemote {
    const { fetch, pause } = this.world;
    return { fetch, signal, ...(pause && { pause }) };
  }

  /** Runs a job, which `cancel(name)` ends if it has a name, and tells what went wrong in our words. */
  async #as<T>(name: string | undefined, job: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (name !== undefined) this.#running.set(name, controller);
    try {
      return await job(controller.signal);
    } catch (thrown) {
      if (controller.signal.aborted) throw toEngineError(controller.signal.reason);
      if (thrown instanceof DOMException && thrown.name === 'QuotaExceededError') throw storageFull();
      throw toEngineError(thrown);
    } finally {
      if (name !== undefined) this.#running.delete(name);
    }
  }
}

async function describeIn(place: Place, manifest: Manifest): Promise<StoredModel> {
  const config = manifest.files.find(({ path }) => path === 'config.json');
  return describe(manifest, config?.verified ? await place.text(config.path) : undefined);
}

function notComplete({ name, files }: Manifest): EngineError {
  const missing = files.filter(({ verified }) => !verified).map(({ path }) => path);
  return new EngineError(
    'file-missing',
    `Only a part of ${name} is stored; ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more are` : ' is'} missing. ` +
      'Resume its download first.',
  );
}
