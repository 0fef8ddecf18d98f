/** The service worker as the page sees it: it keeps the site for use without the network, and stores newer versions. */

export interface SiteConnection {
  /** Lets the newer version take over, then reloads. */
  useNewer(): void;
}

/** `onNewer` is called when a version newer than the one shown is stored. */
export type ConnectSite = (onNewer: () => void) => SiteConnection | undefined;

/** A page that stays open looks whether the site was renewed when it is looked at again, at most so often. */
const LOOK_AGAIN_MS = 3_600_000;

export const connectServiceWorker: ConnectSite = (onNewer) => {
  const workers = (navigator as Partial<Navigator>).serviceWorker;
  // The development server's files are never stored, and private windows of some browsers have no service workers.
  if (!import.meta.env.PROD || workers === undefined) return undefined;
  let controlled = workers.controller !== null;
  const visitedBefore = controlled;
  let registration: ServiceWorkerRegistration | undefined;
  let asked = false;

  workers.addEventListener('controllerchange', () => {
    if (asked) location.reload();
    // Another tab let it take over; on a first visit it is the same version.
    else if (controlled) onNewer();
    controlled = true;
  });
  workers
    .register(new URL('sw.js', document.baseURI))
    .then((registered) => {
      registration = registered;
      tellOfNewer(registered, onNewer);
      lookAgain(registered);
      // A first visit fetches what it needs and no more.
      if (visitedBefore) registered.active?.postMessage({ type: 'KEEP_LATER' });
    })
    // Refused, or there is nothing to look at: the page works as before, with the network.
    .catch(() => undefined);

  return {
    useNewer: () => {
      asked = true;
      if (registration?.waiting) registration.waiting.postMessage({ type: 'SKIP_WAITING' });
      else location.reload();
    },
  };
};

function tellOfNewer(registration: ServiceWorkerRegistration, onNewer: () => void): void {
  const watch = (worker: ServiceWorker | null) =>
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed' && registration.active) onNewer();
    });
  if (registration.waiting) onNewer();
  watch(registration.installing);
  registration.addEventListener('updatefound', () => watch(registration.installing));
}

function lookAgain(registration: ServiceWorkerRegistration): void {
  let looked = performance.now();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || performance.now() - looked < LOOK_AGAIN_MS) return;
    looked = performance.now();
    registration.update().catch(() => undefined);
  });
}
