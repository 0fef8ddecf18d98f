/** The engine's worker as the stores see it. Every load gets a fresh one, so nothing is left of a failed life. */
import { proxy, wrap } from 'comlink';
import { carryErrorCodes } from '../../comlink-errors';
import type { EngineApi, EngineErrorCode, EngineFailure } from '../../protocol';

export interface EngineConnection {
  readonly api: EngineApi;
  /**
   * Resolves when the worker itself died or was closed; a lost device is `api.lost()`. Calls under way then never
   * settle.
   */
  readonly died: Promise<EngineFailure>;
  close(): void;
}

/** What a call that was under way is told when its engine is closed: this very object, by which it is told from a failure. */
export const CLOSED: EngineFailure = {
  code: 'internal',
  message: 'The engine was closed because a model was loaded again.',
};

export type ConnectEngine = () => EngineConnection;

export const connectWorker: ConnectEngine = () => {
  carryErrorCodes();
  const worker = new Worker(new URL('../../engine/worker.ts', import.meta.url), { type: 'module' });
  const remote = wrap<EngineApi>(worker);
  let end: (failure: EngineFailure) => void = () => undefined;
  const died = new Promise<EngineFailure>((resolve) => {
    end = resolve;
    onCrash(worker, "The engine's worker", end);
  });
  return {
    died,
    api: {
      load: (request, onStatus) => remote.load(request, proxy(onStatus)),
      send: (request, onEvents) => remote.send(request, proxy(onEvents)),
      stop: () => remote.stop(),
      listPolicies: () => remote.listPolicies(),
      selection: () => remote.selection(),
      promptText: (from, to) => remote.promptText(from, to),
      calibrate: (prompts, kv, onStep) => remote.calibrate(prompts, kv, proxy(onStep)),
      countTokens: (text) => remote.countTokens(text),
      plan: (request) => remote.plan(request),
      limits: () => remote.limits(),
      lost: () => remote.lost(),
    },
    close: () => {
      worker.terminate();
      // Terminating fires no event, and whoever waits for a call must hear of it.
      end(CLOSED);
    },
  };
};

/** Tells when a worker stopped by itself; `name` is how the sentence begins. */
export function onCrash(worker: Worker, name: string, tell: (failure: EngineFailure) => void): void {
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    // A worker whose script could not be fetched says nothing at all.
    tell(
      event.message
        ? { code: 'internal', message: `${name} stopped: ${event.message}` }
        : {
            code: 'script-unreachable',
            message: `${name} could not be fetched. Check the network; if the site was updated since you opened this page, reload it.`,
          },
    );
  });
}

/** What went wrong, whatever was thrown, as the plain data that a store keeps. */
export function toFailure(thrown: unknown): EngineFailure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const coded = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
  return { code: coded ? (thrown.code as EngineErrorCode) : 'internal', message };
}
