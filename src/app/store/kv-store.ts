/** How the next turns compress the KV cache: the model's own settings, and what the visitor made of them. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { KvSettings, ModelInfo, PolicyInfo } from '../../protocol';
import type { CalibrationProgress } from './calibration';
import type { ModelStore } from './model-store';
import { keep, recall, type Memory } from './storage';

/** What the visitor changed. The TSP layer is not among it: a number of layers belongs to one model. */
export type Changes = Partial<Omit<KvSettings, 'tspLayer'>>;

interface Remembered {
  readonly changed: Changes;
  /** By the model's name. */
  readonly tspLayers: Readonly<Record<string, number>>;
}

export interface KvState extends Remembered {
  /** As the engine lists them; empty until it has. */
  readonly policies: readonly PolicyInfo[];
  readonly calibration: CalibrationProgress;
  /** False where the browser lets the page store nothing: then the settings last as long as the page. */
  readonly remembers: boolean;
  /** Holds from the next message on, and the TSP layer for this model alone: without a model it stays as it was. */
  change(change: Partial<KvSettings>, model: Pick<ModelInfo, 'name'> | undefined): void;
  reset(model: ModelInfo): void;
}

export type KvStore = StoreApi<KvState>;

const KEY = 'fastkv.kv';
const NOTHING: Remembered = { changed: {}, tspLayers: {} };

export function createKvStore(storage: Memory): KvStore {
  return createStore<KvState>()((set, get) => {
    const remember = ({ changed, tspLayers }: Remembered) =>
      set({ changed, tspLayers, remembers: keep(storage, KEY, JSON.stringify({ changed, tspLayers })) });
    const stored = recall(storage, KEY);
    return {
      ...remembered(stored),
      remembers: stored !== undefined,
      policies: [],
      calibration: { state: 'none' },
      change({ tspLayer, ...change }, model) {
        const { changed, tspLayers } = get();
        remember({
          changed: { ...changed, ...change },
          tspLayers:
            tspLayer === undefined || model === undefined
              ? tspLayers
              : { ...tspLayers, [model.name]: tspLayer },
        });
      },
      reset(model) {
        const { [model.name]: _, ...others } = get().tspLayers;
        remember({ changed: {}, tspLayers: others });
      },
    };
  });
}

/** What a turn sent now would go by. */
export function settingsFor({ changed, tspLayers, policies }: KvState, model: ModelInfo): KvSettings {
  const own = model.kv;
  const known = policies.some(({ name }) => name === changed.policy);
  const tspLayer = tspLayers[model.name];
  return {
    ...own,
    ...changed,
    policy: known && changed.policy !== undefined ? changed.policy : own.policy,
    // The name of a model says little: another of that name may have fewer layers.
    tspLayer: tspLayer !== undefined && tspLayer < model.layers ? tspLayer : own.tspLayer,
  };
}

/** Whether anything is other than the model's own. */
export function isChanged(state: KvState, model: ModelInfo): boolean {
  const now = settingsFor(state, model);
  return (Object.keys(now) as (keyof KvSettings)[]).some((key) => now[key] !== model.kv[key]);
}

/** Has every newly loaded engine list its policies. */
export function listPolicies(kv: KvStore, model: ModelStore): void {
  let asked: unknown;
  model.subscribe(({ status }) => {
    if (status.state !== 'ready' || status.api === asked) return;
    const { api } = status;
    asked = api;
    // What was calibrated was another model.
    kv.setState({ calibration: { state: 'none' } });
    api.listPolicies().then(
      (policies) => asked === api && kv.setState({ policies }),
      // The engine died at once, which the model's own notice tells.
      () => undefined,
    );
  });
}

const isShare = (value: unknown) => typeof value === 'number' && value > 0 && value <= 1;
const isWhole =
  (least: number, most = 2 ** 31 - 1) =>
  (value: unknown) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
const isOdd = (value: unknown) => Number(value) % 2 === 1;
const isFlag = (value: unknown) => typeof value === 'boolean';
const isOneOf =
  (...allowed: readonly string[]) =>
  (value: unknown) =>
    allowed.some((name) => name === value);

/**
 * What a stored setting must look like, so that the engine takes it (engine/kv/check-settings.ts): an older page, or a
 * curious visitor, may have left anything.
 */
const FITS: { readonly [Key in keyof Changes]-?: (value: unknown) => boolean } = {
  policy: (value) => typeof value === 'string', // settingsFor asks whether the engine knows it
  turnMode: isOneOf('exact', 'lean', 'full'),
  retain: isShare,
  tspRate: isShare,
  pooling: isOneOf('max', 'avg'),
  window: isWhole(1, 64),
  kernel: (value) => isWhole(1, 63)(value) && isOdd(value),
  budget: isOneOf('proportional', 'constant'),
  capacity: isWhole(1),
  tspLength: isWhole(1),
  protectFirst: isWhole(0),
  protectHeader: isFlag,
  floor: isWhole(0),
  parkTrunk: isFlag,
};

function remembered(text: string | null | undefined): Remembered {
  try {
    const stored = JSON.parse(text ?? '{}') as Partial<Record<keyof Remembered, object>>;
    const entries = (part: object | undefined) => Object.entries(part ?? {}) as [string, unknown][];
    return {
      changed: Object.fromEntries(
        entries(stored.changed).filter(
          ([key, value]) => Object.hasOwn(FITS, key) && FITS[key as keyof Changes](value),
        ),
      ),
      tspLayers: Object.fromEntries(
        entries(stored.tspLayers).filter((entry): entry is [string, number] => isWhole(0)(entry[1])),
      ),
    };
  } catch {
    return NOTHING;
  }
}
