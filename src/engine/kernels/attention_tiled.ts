import {
  ATTENTION,
  ATTENTION_INPUTS,
  attentionCase,
  byKind,
  kindConsts,
  prefillCases,
  slidingCases,
} from './attention';
import { ALL_PROFILES, type Kernel } from './kernel';
import type { Profile } from '../../protocol';
import type { KernelCase, KernelCases } from './cases';

const WG = 64;

/** Lanes that share a row: at most eight vec4s of q and of o a lane, so that they stay in registers. */
const lanesPerRow = (D: number): number => (D <= 32 ? 1 : D <= 64 ? 2 : D <= 128 ? 4 : 8);

/** A row's lanes have to lie in one subgroup, of which the smallest have 4. */
const bySubgroups = (profile: Profile, D: number) => profile === 'fast' && lanesPerRow(D) <= 4;

/** Keys and values that lie in workgroup memory at once: 12 KiB with the scores. */
export const keysPerTile = (D: number): number => (D <= 64 ? 16 : D <= 128 ? 8 : 4);

/** Causal attention for prefill. */
export const attention_tiled = byKind((kind): Kernel => ({
  name: 'attention_tiled',
  profiles: ALL_PROFILES,
  ...ATTENTION,
  bindings: [...ATTENTION_INPUTS, 'positions:read', 'o:write'],
  op: [...ATTENTION.op, 'keys', 'by_position', 'reduced', 'sliding', 'cap:f32'],
  compose: ({ profile, dtype, D }) => ({
    enable: bySubgroups(profile, D) ? ['subgroups'] : [],
    consts: { WG, D, LPR: lanesPerRow(D), KT: keysPerTile(D), ...kindConsts(kind) },
    chunks: [
      'step',
      'soft_cap',
      `kv_${dtype}`,
      bySubgroups(profile, D) ? 'row_sum_subgroup' : 'row_sum_shared',
    ],
  }),
  grid: ({ D }, op, { rows }) => [
    Math.ceil((rows * (op['H']! / op['G']!)) / (WG / lanesPerRow(D))),
    op['G']!,
    1,
  ],
}));

const withKeys = (c: KernelCase): KernelCase => ({ ...c, op: { ...c.op, keys: keysPerTile(c.D!) } });

const benchShape = { T: 128, H: 8, G: 4, D: 64, cached: 384 };

export const attentionTiledCases: KernelCases[] = [
  {
    kernel: attention_tiled({ slides: false, caps: false }),
    cases: (dtype) => prefillCases(dtype).map(withKeys),
    benchCases: (dtype) => [withKeys(attentionCase(benchShape, dtype))],
  },
  {
    kernel: attention_tiled({ slides: true, caps: false }),
    cases: (dtype) => slidingCases(dtype).map(withKeys),
    benchCases: (dtype) => [withKeys(attentionCase({ ...benchShape, sliding: 128 }, dtype))],
  },
  {
    kernel: attention_tiled({ slides: false, caps: true }),
    cases: (dtype) => [withKeys(attentionCase({ T: 17, H: 9, G: 3, D: 64, cached: 30, cap: 1.5 }, dtype))],
  },
  {
    kernel: attention_tiled({ slides: true, caps: true }),
    cases: (dtype) => slidingCases(dtype, 0.8).slice(2, 4).map(withKeys),
  },
];
