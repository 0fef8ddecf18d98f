/** A library that does what a test tells it. */
import type { LibraryApi, OnProgress, PickedModel, StoredModel } from '../../library-protocol';
import type { HubModel } from '../../protocol';
import { deferred } from './scripted-engine.test-support';

export const storedModel = (name: string, complete = true): StoredModel => ({
  key: `https://huggingface.co/${name}@main`,
  name,
  origin: { kind: 'hub', repo: name, revision: 'main', commit: 'c0ffee', hubUrl: 'https://huggingface.co' },
  totalBytes: 100,
  storedBytes: complete ? 100 : 40,
  complete,
  files: [{ path: 'model.safetensors', size: 100, storedBytes: complete ? 100 : 40 }],
  config: '{}',
});

export class ScriptedLibrary implements LibraryApi {
  stored: StoredModel[] = [];
  available = true;
  config = '{}';
  readonly asked: string[] = [];
  readonly models: HubModel[] = [];
  progress: OnProgress = () => undefined;
  transfer = deferred<StoredModel>();
  verifying = deferred<StoredModel>();

  look: LibraryApi['look'] = async (model) => {
    this.models.push(model);
    return {
      repo: model.repo,
      commit: 'c0ffee',
      files: [],
      totalBytes: 100,
      storedBytes: 0,
      config: this.config,
    };
  };
  download: LibraryApi['download'] = (transfer, model, onProgress) => {
    this.asked.push(`download ${transfer}`);
    this.models.push(model);
    this.progress = onProgress;
    return this.transfer.promise;
  };
  examining = deferred<PickedModel>();
  examine: LibraryApi['examine'] = () => this.examining.promise;
  copy: LibraryApi['copy'] = () => this.transfer.promise;
  verify: LibraryApi['verify'] = (_transfer, key, token, onProgress) => {
    this.asked.push(`verify ${key} ${token ?? ''}`.trim());
    this.progress = onProgress;
    return this.verifying.promise;
  };
  cancel: LibraryApi['cancel'] = async (transfer) => void this.asked.push(`cancel ${transfer}`);
  list: LibraryApi['list'] = async () => this.stored;
  remove: LibraryApi['remove'] = async (key) => {
    this.stored = this.stored.filter((model) => model.key !== key);
  };
  space: LibraryApi['space'] = async () => ({
    available: this.available,
    usageBytes: 0,
    quotaBytes: 1000,
    persisted: false,
  });
}
