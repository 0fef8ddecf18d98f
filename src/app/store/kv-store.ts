/** How the next turns compress the KV cache: the model's own settings, and what the conversation made of them. */
import * as v from 'valibot';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { KvSettings, ModelInfo, PolicyInfo } from '../../protocol';
import type { CalibrationProgress } from './calibration';
import type { ConversationSettings } from './conversation';
import type { ModelStore } from './model-store';
import { keep, recall, type Memory } from './storage';

export interface KvState {
  /** As the engine lists them; empty until it has. */
  readonly policies: readonly PolicyInfo[];
  readonly calibration: CalibrationProgress;
  /** Set by hand or by calibrating: by the model's name, since a number of layers belongs to one model. */
  readonly tspLayers: Readonly<Record<string, number>>;
  /** False where the browser lets the page store nothing: then they last as long as the page. */
  readonly remembers: boolean;
  /** Holds from the next message on; undefined is the model's own. */
  setTspLayer(model: Pick<ModelInfo, 'name'>, layer: number | undefined): void;
}

export type KvStore = StoreApi<KvState>;

const KEY = 'fastkv.kv';

export function createKvStore(storage: Memory): KvStore {
  const stored = recall(storage, KEY);
  return createStore<KvState>()((set, get) => ({
    tspLayers: remembered(stored),
    remembers: stored !== undefined,
    policies: [],
    calibration: { state: 'none' },
    setTspLayer({ name }, layer) {
      const { [name]: _, ...others } = get().tspLayers;
      const tspLayers = layer === undefined ? others : { ...others, [name]: layer };
      set({ tspLayers, remembers: keep(storage, KEY, JSON.stringify({ tspLayers })) });
    },
  }));
}

/** What a turn sent now would go by. */
export function settingsFor(
  { tspLayers, policies }: Pick<KvState, 'tspLayers' | 'policies'>,
  { kv: changed = {} }: ConversationSettings,
  model: ModelInfo,
): KvSettings {
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
export function isChanged(
  state: Pick<KvState, 'tspLayers' | 'policies'>,
  settings: ConversationSettings,
  model: ModelInfo,
): boolean {
  const now = settingsFor(state, settings, model);
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

const TSP_LAYERS = v.object({
  tspLayers: v.record(v.string(), v.fallback(v.pipe(v.number(), v.integer(), v.minValue(0)), -1)),
});

/** What an older page, or a curious visitor, left may be anything. */
function remembered(text: string | null | undefined): Readonly<Record<string, number>> {
  try {
    const { tspLayers } = v.parse(TSP_LAYERS, JSON.parse(text ?? '{}'));
    return Object.fromEntries(Object.entries(tspLayers).filter(([, layer]) => layer >= 0));
  } catch {
    return {};
  }
}
