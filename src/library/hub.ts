/** What the Hub, or a mirror, says of a model, and what its refusals mean. */
import { EngineError, reasonOf } from '../engine/errors';
import { authorisedFetch, resolveUrl } from '../engine/weights/hub';
import type { HubModel } from '../protocol';
import { chooseFiles } from '../engine/weights/model-files';
import { fetchBytes, type Remote } from './fetch-bytes';
import type { FileRecord } from './manifest';

export type HubFile = Pick<FileRecord, 'path' | 'size' | 'hash'>;

export interface HubFiles {
  readonly commit: string;
  /** Only what the engine reads. */
  readonly files: readonly HubFile[];
}

/** An index of 10,000 tensors has about 1 MB. */
const MOST_TEXT = 16 * 2 ** 20;

/** Rejects with `hub-unreachable`, `hub-refused`, or what a repository without a model for us is refused with. */
export async function listHub(model: HubModel, remote: HubRemote): Promise<HubFiles> {
  const { files: all, commit } = await askHub(model, remote);
  const { repo } = model;
  const byPath = new Map(all.map((file) => [file.path, file]));
  const chosen = await chooseFiles(repo, [...byPath.keys()], async () =>
    fetchText(model, commit, byPath.get('model.safetensors.index.json')!, remote),
  );
  return { commit, files: chosen.map((path) => byPath.get(path)!) };
}

async function askHub(model: HubModel, { fetch, signal }: HubRemote): Promise<HubFiles> {
  const { HubApiError, listFiles, modelInfo } = await import('./hub-client').catch((thrown: unknown) => {
    throw unreachable(model, reasonOf(thrown));
  });
  const { repo, revision, hubUrl } = model;
  // Not the client's `accessToken`: it takes only those of huggingface.co, and would follow a mirror's links with them.
  const authorised = authorisedFetch(fetch, model);
  const asked = {
    hubUrl,
    fetch: ((input, init) => authorised(input, { ...init, signal })) as typeof globalThis.fetch,
  };
  try {
    const { sha: commit } = await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...asked });
    const files: HubFile[] = [];
    for await (const file of listFiles({ repo, revision: commit, recursive: true, ...asked })) {
      if (file.type === 'file') files.push({ path: file.path, size: file.size, hash: hashOf(file) });
    }
    return { commit, files };
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof HubApiError) throw refusal(model, thrown.statusCode);
    throw unreachable(model, reasonOf(thrown));
  }
}

function hashOf({ oid, lfs }: { oid?: string; lfs?: { oid: string } }): FileRecord['hash'] {
  if (lfs) return { algorithm: 'sha256', hex: lfs.oid };
  return oid === undefined ? { algorithm: 'none' } : { algorithm: 'git-sha1', hex: oid };
}

export type HubRemote = Pick<Remote, 'fetch' | 'signal' | 'pause'>;

/** A file of the model as it is at a commit. */
export const remoteFile = (model: HubModel, commit: string, path: string, remote: HubRemote): Remote => ({
  ...remote,
  fetch: authorisedFetch(remote.fetch, model),
  url: resolveUrl(model, commit, path),
  refusal: (status) => refusal(model, status, path),
  unreachable: (why) => unreachable(model, why),
});

/** The text of a small file. */
export async function fetchText(
  model: HubModel,
  commit: string,
  { path, size }: Pick<HubFile, 'path' | 'size'>,
  remote: HubRemote,
): Promise<string> {
  if (size > MOST_TEXT) {
    throw new EngineError(
      'file-unreadable',
      `${path} of ${model.repo} has ${size} bytes, and such a file may have ${MOST_TEXT}. Choose another repository.`,
    );
  }
  const text = new TextDecoder();
  let read = '';
  const stretch = { from: 0, to: size, size, etag: undefined };
  await fetchBytes(remoteFile(model, commit, path, remote), stretch, {
    onBytes: async (bytes) => void (read += text.decode(bytes, { stream: true })),
  });
  return read + text.decode();
}

const hostOf = (model: HubModel): string => new URL(model.hubUrl).host;

function refusal(model: HubModel, status: number, path?: string): EngineError {
  const what = path === undefined ? `${model.repo}@${model.revision}` : `${path} of ${model.repo}`;
  const host = hostOf(model);
  if (status === 401 || status === 403) {
    return new EngineError(
      'hub-refused',
      model.accessToken
        ? `${host} does not let this access token read ${what}. Check the token, and that the model's terms are accepted ` +
            `on its page there.`
        : `${host} does not show ${what} to everyone: it does not exist, is private, or asks for its terms to be ` +
            `accepted. Check the name; else accept the terms on its page there and give an access token.`,
      { status },
    );
  }
  if (status === 404 || status === 410) {
    return new EngineError(
      'file-missing',
      `There is no ${what} on ${host}. Check the name and the revision behind the @.`,
      { status },
    );
  }
  if (status === 429) {
    return new EngineError(
      'hub-refused',
      `${host} has had too many requests (429). Wait a few minutes${model.accessToken ? '' : ', or give an access token'}, ` +
        'then try again: what is stored is kept.',
      { status },
    );
  }
  const code = status >= 500 ? 'hub-unreachable' : 'hub-refused';
  const message = `${host} answered ${status} for ${what}. Try again later; what is stored is kept.`;
  return new EngineError(code, message, { status });
}

function unreachable(model: HubModel, why: string): EngineError {
  return new EngineError(
    'hub-unreachable',
    `${hostOf(model)} could not be reached (${why}). Check the connection and the address, then try again; models ` +
      'that are stored here work without it.',
  );
}
