import type { KvPolicy } from '../policy';

/** The full cache: every pair of every layer stays. */
export const full: KvPolicy = Object.freeze({
  name: 'full',
  title: 'Full cache',
  paper: undefined,
  parameters: [],
  roles: () => ({
    scorer: undefined,
    budget: (N: number) => N,
    selector: 'top-per-kv-head' as const,
    propagation: undefined,
    trigger: 'after-layer-prefill' as const,
  }),
});
