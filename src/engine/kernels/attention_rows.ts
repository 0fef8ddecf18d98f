import { ATTENTION, attentionCase, prefillCases } from './attention';
import type { Kernel } from './kernel';
import type { KernelCases } from './cases';

const WG = 8;

/** Causal attention for software adapters. */
export const attention_rows: Kernel = {
  name: 'attention_rows',
  profiles: ['software'],
  ...ATTENTION,
  op: [...ATTENTION.op, 'D'],
  compose: ({ dtype }) => ({ consts: { WG }, chunks: ['step', `kv_${dtype}`] }),
  grid: (_, op, { rows }) => [Math.ceil(rows / WG), op['H']!, Math.ceil(op['D']! / 16)],
};

export const attentionRowsCases: KernelCases = {
  kernel: attention_rows,
  cases: prefillCases,
  benchCases: (dtype) => [
    attentionCase({ T: 128, H: 8, G: 4, D: 64, cached: 384 }, dtype),
    attentionCase({ T: 1, H: 8, G: 4, D: 64, cached: 1023 }, dtype),
  ],
};
