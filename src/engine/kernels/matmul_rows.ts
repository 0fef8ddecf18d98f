import type { Kernel } from './kernel';
import type { KernelCases } from './cases';
import { groupCases, LINEAR, linearCase, linearCases, linearChunks } from './linear';

const WG = 64;

/** Many rows through a linear layer, in registers alone. */
export const matmul_rows: Kernel = {
  name: 'matmul_rows',
  profiles: ['software'],
  ...LINEAR,
  compose: ({ dtype }) => ({ consts: { WG, WEIGHTS: 5 }, chunks: linearChunks(dtype) }),
  grid: (_, op, { rows }) => [Math.ceil(op['count']! / 4 / WG), Math.ceil(rows / 4), 1],
};

export const matmulRowsCases: KernelCases = {
  kernel: matmul_rows,
  cases: (dtype) => linearCases([1, 5, 66], dtype),
  benchCases: (dtype) => [linearCase({ T: 256, N: 1024, K: 1024, epilogue: 'store' }, dtype)],
};

export const matmulRowsGroupCases: KernelCases[] = groupCases(matmul_rows, [1, 5, 66], 256);
