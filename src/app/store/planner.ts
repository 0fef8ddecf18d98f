/** What models and prompts would take, asked of the engine and judged against the budget; each question once. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { DeviceLimits, EngineFailure, PlanRequest } from '../../protocol';
import { toFailure } from './engine';
import type { BudgetStore } from './memory-budget';
import type { ModelStore } from './model-store';
import { assess, type Assessment } from './verdict';

export type Judged =
  | { readonly state: 'asked' }
  | { readonly state: 'judged'; readonly assessment: Assessment }
  /** No plan can be made, as of a family that is not known. */
  | { readonly state: 'failed'; readonly error: EngineFailure };

export interface PlannerState {
  /** By `keyOf`. */
  readonly judged: Readonly<Record<string, Judged>>;
  /** Answers from memory what was asked before. Never rejects. */
  judge(request: PlanRequest): Promise<Judged>;
}

export type PlannerStore = StoreApi<PlannerState>;

/** Drafts ask anew at every pause in typing. */
const MOST_KEPT = 100;

/** One question: the same request is another one with another budget. */
export const keyOf = (request: PlanRequest, budgetBytes: number): string =>
  JSON.stringify([request, budgetBytes]);

export function createPlanner(model: ModelStore, budget: BudgetStore): PlannerStore {
  const ask = model.getState().ask;
  let limits: Promise<DeviceLimits | undefined> | undefined;
  const store = createStore<PlannerState>()((set, get) => ({
    judged: {},
    async judge(request) {
      const { budgetBytes } = budget.getState();
      const key = keyOf(request, budgetBytes);
      const known = get().judged[key];
      if (known?.state === 'judged') return known;
      const keep = (next: Judged) => {
        const others = Object.entries(get().judged).filter(([other]) => other !== key);
        set({ judged: Object.fromEntries([...others.slice(1 - MOST_KEPT), [key, next]]) });
        return next;
      };
      keep({ state: 'asked' });
      try {
        // Without them, as where there is no adapter, the budget alone decides.
        limits ??= ask((api) => api.limits()).catch(() => undefined);
        const maxBufferBytes = (await limits)?.maxBufferBytes;
        const plan = (changed: PlanRequest) => ask((api) => api.plan(changed));
        return keep({
          state: 'judged',
          assessment: await assess(request, { budgetBytes, maxBufferBytes }, plan),
        });
      } catch (thrown) {
        return keep({ state: 'failed', error: toFailure(thrown) });
      }
    },
  }));
  return store;
}
