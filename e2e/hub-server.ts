/**
 * A Hub on this machine: the routes of huggingface.co as its client and a browser use them (revision, tree, resolve with
 * a redirect to a second host, ranges, etags, CORS), and faults on demand.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Files } from '../src/engine/weights/files.test-support';

export interface Faults {
  /** The host of the bytes cuts a connection after so many of them, so many times. */
  cut?: { after: number; times: number; onCut?: () => void };
  /** Every byte request of this file is answered so, so many times. */
  status?: { code: number; path?: string; times: number };
  /** Ranges are ignored. */
  noRanges?: boolean;
  /** One byte of the weights is wrong, so many times. */
  corrupt?: { times: number };
  /** Only with this token. */
  token?: string;
  /** Milliseconds before every 64 KiB. */
  slow?: number;
}

export interface Asked {
  readonly path: string;
  readonly method: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  readonly host: 'hub' | 'bytes';
}

export interface HubServer {
  readonly url: string;
  readonly faults: Faults;
  /** Every request but preflights, in order. */
  readonly asked: Asked[];
  /** A new commit, which `main` then is; those before stay. */
  commit(repo: string, files: Files): void;
  /** Other files at the same commit, as only a careless mirror has them. */
  replace(repo: string, files: Files): void;
  close(): Promise<void>;
}

interface Repo {
  readonly commits: Map<string, Files>;
  head: string;
}

/** Files above this are kept in LFS, as the Hub keeps weights. */
const LFS_FROM = 200_000;
const EXPOSED =
  'X-Repo-Commit,X-Error-Code,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag';

export async function startHub(repos: Readonly<Record<string, Files>>): Promise<HubServer> {
  const hub = new Hub();
  for (const [repo, files] of Object.entries(repos)) hub.commit(repo, files);
  await hub.start();
  return hub;
}

const once = (hash: (bytes: Uint8Array) => string) => {
  const known = new WeakMap<Uint8Array, string>();
  return (bytes: Uint8Array): string => {
    const found = known.get(bytes) ?? hash(bytes);
    known.set(bytes, found);
    return found;
  };
};
const sha256 = once((bytes) => createHash('sha256').update(bytes).digest('hex'));
const gitSha1 = once((bytes) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
);
const isLfs = (bytes: Uint8Array): boolean => bytes.length >= LFS_FROM;
const hashOf = (bytes: Uint8Array): string => (isLfs(bytes) ? sha256(bytes) : gitSha1(bytes));

class Hub implements HubServer {
  url = '';
  readonly faults: Faults = {};
  readonly asked: Asked[] = [];
  readonly #repos = new Map<string, Repo>();
  #bytesUrl = '';
  #servers: Server[] = [];

  commit(repo: string, files: Files): void {
    const found = this.#repos.get(repo) ?? { commits: new Map<string, Files>(), head: '' };
    found.head = createHash('sha1').update(`${repo} ${found.commits.size}`).digest('hex');
    this.#repos.set(repo, found);
    this.replace(repo, files);
  }

  replace(repo: string, files: Files): void {
    const { commits, head } = this.#repos.get(repo)!;
    commits.set(head, files);
  }

  async start(): Promise<void> {
    this.url = await this.#listen('hub', (request, response) => this.#hub(request, response));
    this.#bytesUrl = await this.#listen('bytes', (request, response) => this.#bytes(request, response));
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((closed) => server.close(closed));
      }),
    );
  }

  async #listen(
    host: Asked['host'],
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<string> {
    const server = createServer((request, response) => {
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Expose-Headers', EXPOSED);
      if (request.method === 'OPTIONS') {
        response.setHeader('Access-Control-Allow-Headers', 'authorization,range,accept');
        response.writeHead(204).end();
        return;
      }
      const { url: path = '', method = '' } = request;
      const { range, authorization } = request.headers;
      this.asked.push({ path, method, range, authorization, host });
      answer(request, response);
    });
    this.#servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  #hub(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url!, this.url);
    const refused = this.#refusal(request, pathname);
    if (refused !== undefined) return refuse(response, refused);
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(pathname);
    const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const name = api?.[1] ?? resolve?.[1];
    const repo = this.#repos.get(name ?? '');
    const revision = decodeURIComponent(api?.[3] ?? resolve?.[2] ?? '');
    // The Hub does not tell strangers what there is.
    if (!repo) return refuse(response, 401);
    const sha = ['main', 'HEAD'].includes(revision) ? repo.head : revision;
    const files = repo.commits.get(sha);
    if (!files) return refuse(response, 404);
    if (api?.[2] === 'revision') return json(response, { _id: '1', id: name, sha, ...FACTS });
    if (api) return json(response, tree(files));
    const path = decodeURIComponent(resolve![3]!);
    const bytes = files[path];
    if (!bytes) return refuse(response, 404);
    response.setHeader('X-Repo-Commit', sha);
    response.setHeader('X-Linked-Size', bytes.length);
    response.setHeader('X-Linked-ETag', `"${hashOf(bytes)}"`);
    // Small files come from the Hub itself, what lies in LFS from elsewhere.
    if (!isLfs(bytes)) return void this.#send(request, response, bytes);
    response.setHeader('Location', `${this.#bytesUrl}/${name}/${sha}/${path}`);
    response.writeHead(302).end();
  }

  #bytes(request: IncomingMessage, response: ServerResponse): void {
    const [, owner, name, sha, ...path] = new URL(request.url!, this.#bytesUrl).pathname.split('/');
    const bytes = this.#repos.get(`${owner}/${name}`)?.commits.get(sha!)?.[path.join('/')];
    if (!bytes) return refuse(response, 404);
    void this.#send(request, response, bytes);
  }

  #refusal(request: IncomingMessage, pathname: string): number | undefined {
    const { token, status } = this.faults;
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) return 401;
    if (!status || status.times === 0 || !pathname.endsWith(status.path ?? '')) return undefined;
    status.times--;
    return status.code;
  }

  async #send(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): Promise<void> {
    const { noRanges, corrupt, cut, slow } = this.faults;
    const range = noRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = range?.[2] ? Math.min(Number(range[2]) + 1, bytes.length) : bytes.length;
    response.setHeader('ETag', `"${hashOf(bytes)}"`);
    if (from >= bytes.length && bytes.length > 0) return refuse(response, 416);
    const headers = {
      'Content-Type': 'binary/octet-stream',
      'Content-Length': to - from,
      ...(!noRanges && { 'Accept-Ranges': 'bytes' }),
      ...(range && { 'Content-Range': `bytes ${from}-${to - 1}/${bytes.length}` }),
    };
    response.writeHead(range ? 206 : 200, headers);
    const part = Buffer.from(bytes.subarray(from, to));
    if (corrupt && corrupt.times > 0 && isLfs(bytes)) {
      corrupt.times--;
      part[part.length >> 1]! ^= 1;
    }
    const cutting = cut && cut.times > 0 && isLfs(bytes) && part.length > cut.after;
    if (cutting) {
      cut.times--;
      cut.onCut?.();
    }
    const end = cutting ? cut.after : part.length;
    for (let at = 0; at < end; at += 65_536) {
      if (slow) await new Promise((resolve) => setTimeout(resolve, slow));
      const written = response.write(part.subarray(at, Math.min(end, at + 65_536)));
      if (response.destroyed) return; // the client went away
      if (!written) await drained(response);
    }
    if (cutting)
      setTimeout(() => response.destroy(), 50); // what was written is on its way by then
    else response.end();
  }
}

const FACTS = {
  private: false,
  downloads: 0,
  likes: 0,
  gated: false,
  lastModified: '2026-01-01T00:00:00.000Z',
};

const tree = (files: Files): readonly object[] =>
  Object.entries(files).map(([path, bytes]) => {
    const entry = { type: 'file', path, size: bytes.length, oid: gitSha1(bytes) };
    return isLfs(bytes)
      ? { ...entry, lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 132 } }
      : entry;
  });

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });

function json(response: ServerResponse, body: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number): void {
  response.setHeader('Content-Type', 'application/json');
  response.writeHead(status).end(JSON.stringify({ error: `refused with ${status}` }));
}
