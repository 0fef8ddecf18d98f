/** The one model of the page: which it is, how far its loading has come, and what ended it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { EngineApi, EngineFailure, LoadRequest, ModelInfo, ModelSource } from '../../protocol';
import { toFailure, type ConnectEngine, type EngineConnection } from './engine';

/** A loaded model with the engine that holds it: without one there is nothing to send to. */
export interface LoadedModel {
  readonly model: ModelInfo;
  readonly api: EngineApi;
  /** Resolves when worker or device is gone; a turn under way then waits in vain. */
  readonly gone: Promise<EngineFailure>;
}

export type LoadStep = 'waiting' | 'verifying' | 'adapter' | 'config' | 'weights' | 'compiling';

export interface Loading {
  readonly state: 'loading';
  readonly step: LoadStep;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/**
 * What a model's files have to go through before the engine reads them: undefined where that is nothing. Rejects where
 * they are not fit to be read.
 */
export type Prepare = (source: ModelSource, show: (loading: Loading) => void) => Promise<void> | undefined;

export type ModelStatus =
  | { readonly state: 'idle' }
  | Loading
  | ({ readonly state: 'ready' } & LoadedModel)
  | {
      readonly state: 'failed';
      readonly error: EngineFailure;
      /** Whether it had been usable before, which changes what a person wants to hear. */
      readonly wasReady: boolean;
    };

export interface ModelState {
  readonly status: ModelStatus;
  /** The last name asked for, shown while there is no model to ask. */
  readonly name: string;
  readonly request: LoadRequest | undefined;
  /** What was asked for when a model last became ready: there is a way back to it. */
  readonly lastReady: LoadRequest | undefined;
  /** Why it is loaded anew without having been asked for. */
  readonly lost: EngineFailure | undefined;
  /** A model that is lost afterwards is loaded once more by itself, unless that happens twice within a minute. */
  load(request: LoadRequest): Promise<void>;
  /** Loads what was asked for last, or that with something changed, into a fresh worker. */
  reload(change?: Pick<LoadRequest, 'dtype'>): Promise<void>;
  /** Asks the engine what it can tell without a model too; again, where a load closed the one that was asked. */
  ask<Answer>(question: (api: EngineApi) => Promise<Answer>): Promise<Answer>;
  /** For what the page finds out before there is an engine to say so. */
  fail(error: EngineFailure): void;
}

export type ModelStore = StoreApi<ModelState>;

/** What is lost again within this time would be lost for ever if it were loaded each time. */
const CALM_MS = 60_000;

const STARTING: ModelStatus = { state: 'loading', step: 'adapter', loadedBytes: 0, totalBytes: 0 };

export function createModelStore(connect: ConnectEngine, prepare: Prepare = () => undefined): ModelStore {
  let connection: EngineConnection | undefined;
  let lostAt = -Infinity;

  return createStore<ModelState>()((set, get) => {
    const load = async (request: LoadRequest, lost?: EngineFailure) => {
      connection?.close();
      const current = connect();
      connection = current;
      const show = (status: ModelStatus) => {
        if (connection === current) set({ status });
      };
      const lose = (error: EngineFailure) => {
        if (connection !== current) return;
        const isCalm = Date.now() - lostAt >= CALM_MS;
        lostAt = Date.now();
        if (isCalm) void load(request, error);
        else set({ status: { state: 'failed', error, wasReady: true } });
      };
      set({ status: STARTING, name: request.name, request, lost });
      try {
        const prepared = prepare(request.source, show);
        if (prepared) await prepared;
        const loaded = await loadInto(current, request, show);
        if (connection === current) set({ status: { state: 'ready', ...loaded }, lastReady: request });
        void loaded.gone.then(lose);
      } catch (thrown) {
        show({ state: 'failed', error: toFailure(thrown), wasReady: false });
      }
    };

    return {
      status: { state: 'idle' },
      name: 'Model',
      request: undefined,
      lastReady: undefined,
      lost: undefined,
      load: (request) => load(request),

      async reload(change) {
        const { request, load } = get();
        if (request !== undefined) await load({ ...request, ...change });
      },

      async ask(question) {
        for (;;) {
          const current = (connection ??= connect());
          try {
            return await Promise.race([question(current.api), current.died.then(throwFailure)]);
          } catch (thrown) {
            if (connection === current) throw thrown;
          }
        }
      },

      fail(error) {
        set({ status: { state: 'failed', error, wasReady: false } });
      },
    };
  });
}

async function loadInto(
  { api, died }: EngineConnection,
  request: LoadRequest,
  show: (status: ModelStatus) => void,
): Promise<LoadedModel> {
  let settled = false;
  const loading = api.load(request, (status) => {
    // The callback travels on its own channel and may come after the promise it belongs to.
    if (status.state === 'loading' && !settled) show(status);
  });
  try {
    const model = await Promise.race([loading, died.then(throwFailure)]);
    const lost = api.lost().catch(toFailure);
    return { model, api, gone: Promise.race([died, lost]) };
  } finally {
    settled = true;
  }
}

/** A failure as a rejection, to race against a call that may never settle. */
export function throwFailure(failure: EngineFailure): never {
  throw Object.assign(new Error(failure.message), { code: failure.code });
}
