/**
 * The service worker: keeps the page and its demo model for use without the network. Models of the Hub are the library's,
 * in private storage; what is asked of other hosts, and folders beside the demo's, pass it by.
 *
 * A new version is stored beside the one in use and waits until the visitor asks for it: a page never changes under an
 * answer.
 */
import { addPlugins, createHandlerBoundToURL, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import { createPartialResponse } from 'workbox-range-requests';
import { registerRoute } from 'workbox-routing';
import { CacheFirst } from 'workbox-strategies';
import type { KeptFile } from './kept-file';

// Workbox knows a manifest without marks of ours.
declare const self: Omit<ServiceWorkerGlobalScope, '__WB_MANIFEST'> & {
  readonly __WB_MANIFEST: readonly KeptFile[];
};

const scope = new URL(self.registration.scope);
const urlOf = ({ url }: Pick<KeptFile, 'url'>): string => new URL(url, scope).href;
const ofPage = ({ url }: { readonly url: URL }, path: string): boolean =>
  url.origin === scope.origin && url.pathname.startsWith(scope.pathname + path);

const files = self.__WB_MANIFEST;
const laterUrls = new Set(files.filter(({ later }) => later).map(urlOf));
// Of one host's several pages each has its own.
const LATER = `fastkv-later ${scope.href}`;

// The demo model, before all else because it is read by ranges. Every file that is read of its folder is known, so one
// that is not listed is not there: models are asked for more files than they have.
const demoUrls = new Set(files.map(urlOf).filter((url) => ofPage({ url: new URL(url) }, 'models/demo/')));
for (const method of ['GET', 'HEAD'] as const)
  registerRoute(
    (asked) => ofPage(asked, 'models/demo/'),
    ({ request, url }) => demoFile(request, url),
    method,
  );

async function demoFile(request: Request, url: URL): Promise<Response> {
  const address = url.origin + url.pathname;
  if (!demoUrls.has(address)) return new Response(null, { status: 404 });
  const kept = await matchPrecache(address);
  if (!kept) return fetch(request);
  const blob = await kept.blob();
  // Of the kept headers only this holds: the length on the way may have been that of compressed bytes.
  const headers = {
    'Content-Type': kept.headers.get('Content-Type') ?? 'application/octet-stream',
    'Content-Length': String(blob.size),
    'Accept-Ranges': 'bytes',
  };
  if (request.method === 'HEAD') return new Response(null, { headers });
  const whole = new Response(blob, { headers });
  return request.headers.has('Range') ? createPartialResponse(request, whole) : whole;
}

addPlugins([
  {
    // What the page has just fetched is asked for again only if it changed; Workbox would fetch it anew.
    requestWillFetch: async ({ request }) =>
      request.cache === 'reload' ? new Request(request, { cache: 'no-cache' }) : request,
  },
]);
precacheAndRoute(files.filter((file) => !file.later).map(({ url, revision }) => ({ url, revision })));
// The page itself, whatever stands behind its question mark.
registerRoute(
  ({ request, url }) =>
    request.mode === 'navigate' &&
    [scope.pathname, `${scope.pathname}index.html`].includes(url.pathname) &&
    url.origin === scope.origin,
  createHandlerBoundToURL('index.html'),
);

// Of use once used: also what no list names, as a PDF's character maps. Hosts that allow other origins let their answers
// vary by who asks, and a module is asked for otherwise than it was stored.
const later = new CacheFirst({ cacheName: LATER, matchOptions: { ignoreVary: true } });
registerRoute((asked) => ofPage(asked, 'assets/'), later);

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), dropOldFiles()]));
});

/** Workbox drops its own. */
async function dropOldFiles(): Promise<void> {
  const cache = await caches.open(LATER);
  const old = (await cache.keys()).filter(({ url }) => !laterUrls.has(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

self.addEventListener('message', (event) => {
  const { type } = event.data as { readonly type: string };
  if (type === 'SKIP_WAITING') void self.skipWaiting();
  else if (type === 'KEEP_LATER') event.waitUntil(keepLater());
});

/** One after another, behind whatever the page itself fetches. */
async function keepLater(): Promise<void> {
  const cache = await caches.open(LATER);
  for (const url of laterUrls) {
    // Without the network there is nothing to be had, and the next visit tries again.
    if (!(await cache.match(url, { ignoreVary: true }))) await cache.add(url).catch(() => undefined);
  }
}
