/** A model of the Hub read where it lies, for browsers that refuse to store it; and what reading and storing share. */
import type { HubModel, ListedFile } from '../../protocol';
import { HttpFile } from './http';
import type { ByteSource, ModelFolder } from './source';
import { httpFolder } from './sources';

/** Each on its own connection: a cut one says nothing of the next. */
const TRIES = 3;

/** Where the Hub, or a mirror with its routes, gives a file; it redirects to the host that has the bytes. */
export const resolveUrl = ({ hubUrl, repo }: HubModel, revision: string, path = ''): string =>
  `${hubUrl}/${repo}/resolve/${encodeURIComponent(revision)}/${path.split('/').map(encodeURIComponent).join('/')}`;

/** A fetch that shows the visitor's token to the Hub's own host, and to nobody else. */
export function authorisedFetch(
  fetchImpl: typeof fetch,
  { hubUrl, accessToken }: Pick<HubModel, 'hubUrl' | 'accessToken'>,
): typeof fetch {
  if (!accessToken) return fetchImpl;
  const { origin } = new URL(hubUrl);
  return (input, init) => {
    const url = input instanceof Request ? input.url : input;
    if (new URL(url).origin !== origin) return fetchImpl(input, init);
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${accessToken}`);
    // Browsers take the header off when the Hub redirects to another host.
    return fetchImpl(input, { ...init, headers });
  };
}

/** `model.revision` is a commit, so that all reads are of the same files; `files` is what it has. */
export function hubFolder(
  model: HubModel,
  files: readonly ListedFile[],
  fetchImpl: typeof fetch,
): ModelFolder {
  const authorised = authorisedFetch(fetchImpl, model);
  const sizes = new Map(files.map(({ path, size }) => [path, size]));
  const { whole } = httpFolder(resolveUrl(model, model.revision), authorised, [...sizes.keys()]);
  return {
    name: model.repo,
    open: async (file) => {
      const size = sizes.get(file);
      if (size === undefined) return undefined;
      return patient(HttpFile.known(resolveUrl(model, model.revision, file), size, authorised));
    },
    list: async () => [...sizes.keys()],
    whole,
  };
}

function patient(source: HttpFile): ByteSource {
  return {
    name: source.name,
    size: source.size,
    release: () => source.release(),
    read: async (offset, length) => {
      for (let tried = 1; ; tried++) {
        try {
          return await source.read(offset, length);
        } catch (thrown) {
          if (tried === TRIES) throw thrown;
        }
      }
    },
  };
}
