import { ALL_PROFILES, fold, reduction, type Kernel } from './kernel';
import type { KernelCases } from './cases';
import { groupCases, LINEAR, linearCase, linearCases, linearChunks } from './linear';

const WG = 64;

/** One row through a linear layer. */
export const matvec: Kernel = {
  name: 'matvec',
  profiles: ALL_PROFILES,
  ...LINEAR,
  compose: ({ profile, dtype }) => ({
    enable: reduction(profile, WG).enable,
    consts: { WG, WEIGHTS: 5 },
    chunks: [...linearChunks(dtype), reduction(profile, WG).chunk],
  }),
  grid: ({ profile }, op) => fold(Math.ceil(op['count']! / 4 / reduction(profile, WG).itemsPerGroup)),
};

export const matvecCases: KernelCases = {
  kernel: matvec,
  cases: (dtype) => [
    ...linearCases([1], dtype),
    // More items than one dimension of a grid holds.
    linearCase({ T: 1, N: 4 * 65_540, K: 8, epilogue: 'store' }, dtype),
  ],
  benchCases: (dtype) => [
    linearCase({ T: 1, N: 1024, K: 1024, epilogue: 'store' }, dtype),
    linearCase({ T: 1, N: 8192, K: 1024, epilogue: 'silu_mul' }, dtype),
  ],
};

export const matvecGroupCases: KernelCases[] = groupCases(matvec, [1], 1);
