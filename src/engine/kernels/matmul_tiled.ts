import type { Kernel } from './kernel';
import type { KernelCases } from './cases';
import { groupCases, LINEAR, linearCase, linearCases, linearChunks } from './linear';
import type { Variant } from '../gpu/compose';
import type { Profile, StorageDtype } from '../../protocol';

/** Whether activations are held as halves too. */
const inHalves = ({ profile, dtype }: Pick<Variant, 'profile' | 'dtype'>): boolean =>
  profile === 'fast' && dtype === 'f16';

/** Many rows through a linear layer, in tiles of workgroup memory. */
export const matmul_tiled: Kernel = {
  name: 'matmul_tiled',
  profiles: ['portable', 'fast'],
  ...LINEAR,
  compose: ({ profile, dtype }) => {
    const halves = inHalves({ profile, dtype });
    return {
      enable: halves ? ['f16'] : [],
      consts: { WEIGHTS: 5, TILE_MAX: halves ? '65504.0' : '3.0e38' },
      aliases: { Tile4: halves ? 'vec4<f16>' : 'vec4<f32>' },
      chunks: linearChunks(dtype),
    };
  },
  grid: (_, op, { rows }) => [Math.ceil(op['count']! / 64), Math.ceil(rows / 64), 1],
};

/** A half is off by up to 2^-11 of a value, a few times that of a sum. */
const tolerance = (dtype: StorageDtype, profile: Profile) => (inHalves({ profile, dtype }) ? 2e-3 : 1e-5);

export const matmulTiledCases: KernelCases = {
  kernel: matmul_tiled,
  cases: (dtype, profile) => linearCases([1, 5, 65], dtype, tolerance(dtype, profile)),
  benchCases: (dtype) => [linearCase({ T: 256, N: 1024, K: 1024, epilogue: 'store' }, dtype)],
};

export const matmulTiledGroupCases: KernelCases[] = groupCases(matmul_tiled, [1, 5, 65], 256, tolerance);
