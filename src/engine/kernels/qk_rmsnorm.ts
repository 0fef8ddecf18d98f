import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { ALL_PROFILES, reduction, type Kernel } from './kernel';
import { rmsnormReference } from './rmsnorm';

const WG = 64;

/** RMSNorm of queries and of keys, each over all heads, in place; before rope_append. */
export const qk_rmsnorm: Kernel = {
  name: 'qk_rmsnorm',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'qkv:write', 'weight:read'],
  stored: [],
  op: ['H', 'G', 'D', 'eps:f32'],
  compose: ({ profile }) => ({
    enable: reduction(profile, WG).enable,
    consts: { WG },
    chunks: ['step', reduction(profile, WG).chunk],
  }),
  grid: ({ profile }, _, { rows }) => [Math.ceil((2 * rows) / reduction(profile, WG).itemsPerGroup), 1, 1],
};

function normCase(T: number, H: number, G: number, D: number): KernelCase {
  const qkv = noise(T * (H + 2 * G) * D, 1, 3);
  const weight = noise((H + G) * D, 2);
  const eps = 1e-5;
  const expected = () => {
    const out = qkv.slice();
    for (let t = 0; t < T; t++) {
      const row = out.subarray(t * (H + 2 * G) * D, (t + 1) * (H + 2 * G) * D);
      for (const [from, to] of [[0, H * D] as const, [H * D, (H + G) * D] as const]) {
        row.set(rmsnormReference(row.slice(from, to), weight.subarray(from, to), eps), from);
      }
    }
    return { qkv: out };
  };
  return {
    name: `${T} rows H=${H} G=${G} D=${D}`,
    op: { H, G, D, eps },
    step: oneStep(T),
    buffers: { qkv, weight },
    expected,
    bytes: 12 * T * (H + G) * D,
  };
}

export const qkRmsnormCases: KernelCases = {
  kernel: qk_rmsnorm,
  cases: () => [
    normCase(1, 1, 1, 8),
    normCase(3, 4, 2, 16),
    normCase(33, 7, 1, 80),
    normCase(2, 16, 16, 128),
  ],
  benchCases: () => [normCase(256, 16, 16, 128)],
};
