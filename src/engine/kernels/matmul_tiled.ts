import type { Kernel } from './kernel';
import type { KernelCases } from './cases';
import { LINEAR, linearCase, linearCases, linearChunks } from './linear';

/** Many rows through a linear layer, in tiles of workgroup memory. */
export const matmul_tiled: Kernel = {
  name: 'matmul_tiled',
  profiles: ['portable', 'fast'],
  ...LINEAR,
  compose: ({ profile, dtype }) => {
    const halves = profile === 'fast' && dtype === 'f16';
    return {
      enable: halves ? ['f16'] : [],
      consts: { WEIGHTS: 5, TILE_MAX: halves ? '65504.0' : '3.0e38' },
      aliases: { Tile4: halves ? 'vec4<f16>' : 'vec4<f32>' },
      chunks: linearChunks(dtype),
    };
  },
  grid: (_, op, { rows }) => [Math.ceil(op['count']! / 64), Math.ceil(rows / 64), 1],
};

/** fast holds activations as halves in f16: 2^-11 of a value, a few times that of a sum. */
const tolerance = { f16: 2e-3, f32: 1e-5 };

export const matmulTiledCases: KernelCases = {
  kernel: matmul_tiled,
  cases: (dtype) => linearCases([1, 5, 65], dtype, tolerance[dtype]),
  benchCases: (dtype) => [linearCase({ T: 256, N: 1024, K: 1024, epilogue: 'store' }, dtype)],
};
