/** How the next models are loaded: one choice for every way of loading one, kept for the next visit. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { LoadRequest, WeightForm } from '../../protocol';
import { keep, recall, type Memory } from './storage';

export const FORMS = ['f16', 'q8', 'q4', 'f32'] as const satisfies readonly WeightForm[];

export interface LoadOptionsState {
  /** Left alone by checkpoints that are quantised themselves. */
  readonly dtype: WeightForm;
  choose(dtype: WeightForm): void;
  /** What the address asks for: before what was chosen on an earlier visit, and not kept for the next. */
  follow(dtype: WeightForm): void;
}

export type LoadOptionsStore = StoreApi<LoadOptionsState>;

const KEY = 'fastkv.dtype';

export function createLoadOptions(storage: Memory): LoadOptionsStore {
  return createStore<LoadOptionsState>()((set) => ({
    dtype: remembered(storage),
    choose(dtype) {
      set({ dtype });
      keep(storage, KEY, dtype);
    },
    follow: (dtype) => set({ dtype }),
  }));
}

/**
 * The form to ask of the engine for a checkpoint with this config.json: undefined for one that is quantised itself, which
 * the engine would refuse to quantise again.
 */
export function dtypeFor(config: string | undefined, dtype: WeightForm): WeightForm | undefined {
  return config !== undefined && isQuantised(config) ? undefined : dtype;
}

/** The same as a part of a request. */
export function dtypeOf(
  config: string | undefined,
  wanted: WeightForm | undefined,
): Pick<LoadRequest, 'dtype'> {
  const dtype = wanted && dtypeFor(config, wanted);
  return dtype ? { dtype } : {};
}

function isQuantised(config: string): boolean {
  try {
    const { quantization } = JSON.parse(config) as { readonly quantization?: unknown };
    return typeof quantization === 'object' && quantization !== null;
  } catch {
    return false; // which loading it will say better
  }
}

function remembered(storage: Memory): WeightForm {
  const stored = recall(storage, KEY);
  return FORMS.find((form) => form === stored) ?? 'f16';
}
