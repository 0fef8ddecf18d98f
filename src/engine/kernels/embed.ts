import { ALL_PROFILES, type Kernel } from './kernel';
import { asStored, noise, oneStep, type KernelCase, type KernelCases } from './cases';
import type { StorageDtype } from '../../protocol';

const WG = 64;

/** Rows of the embedding for the tile's token ids. */
export const embed: Kernel = {
  name: 'embed',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'ids:read', 'x:write', 'w:read'],
  stored: ['w'],
  op: ['C', 'first', 'count'],
  compose: ({ dtype }) => ({ consts: { WG, WEIGHTS: 4 }, chunks: ['step', `weights_${dtype}`] }),
  grid: (_, op, { rows }) => [Math.ceil(op['C']! / 8 / WG), rows, 1],
};

function embedCase(
  dtype: StorageDtype,
  C: number,
  first: number,
  count: number,
  tokens: number[],
): KernelCase {
  const w = asStored(noise(count * C, 1), dtype);
  const x = noise(tokens.length * C, 2);
  return {
    name: `${tokens.length}x${C} rows ${first}+${count}`,
    op: { C, first, count },
    step: oneStep(tokens.length),
    buffers: { ids: Uint32Array.from(tokens), x, w },
    expected: () => {
      const out = x.slice();
      tokens.forEach((id, t) => {
        if (id >= first && id < first + count)
          out.set(w.subarray((id - first) * C, (id - first + 1) * C), t * C);
      });
      return { x: out };
    },
    tolerance: 0,
    bytes: tokens.length * C * ((dtype === 'f16' ? 2 : 4) + 4),
  };
}

export const embedCases: KernelCases = {
  kernel: embed,
  cases: (dtype) => [embedCase(dtype, 8, 0, 5, [4]), embedCase(dtype, 576, 3, 4, [0, 3, 6, 7, 3])],
  benchCases: (dtype) => [embedCase(dtype, 1024, 0, 2048, [...Array(256).keys()])],
};
