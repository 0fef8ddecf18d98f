import { ALL_PROFILES, fold, type Kernel } from './kernel';
import { oneStep, type KernelCase, type KernelCases } from './cases';

/** Multiplies and adds in registers: the roofline of arithmetic. */
export const fma_rate: Kernel = {
  name: 'fma_rate',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'to:write'],
  stored: [],
  op: ['n', 'rounds', 'm:f32', 'a:f32'],
  compose: () => ({}),
  grid: (_, op) => fold(Math.ceil(op['n']! / 64)),
};

function fmaCase(n: number, rounds: number): KernelCase {
  const [m, a] = [0.5, 0.25];
  return {
    name: `${n} threads x ${rounds}`,
    op: { n, rounds, m, a },
    step: oneStep(1),
    buffers: { to: new Float32Array(4 * n) },
    expected: () => {
      const to = new Float32Array(4 * n);
      to.forEach((_, i) => {
        for (let k = 0; k < 8; k++) {
          let v = (Math.floor(i / 4) % 8) + k;
          for (let round = 0; round < rounds; round++) v = v * m + a;
          to[i]! += v;
        }
      });
      return { to };
    },
    flops: 2 * 32 * n * rounds,
  };
}

export const fmaRateCases: KernelCases = {
  kernel: fma_rate,
  cases: () => [fmaCase(1, 3), fmaCase(100, 7)],
  benchCases: () => [fmaCase(2 ** 15, 256)],
};
