import { ALL_PROFILES, fold, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';

/** Moves a buffer: the roofline of memory. */
export const copy: Kernel = {
  name: 'copy',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'source:read', 'to:write'],
  stored: [],
  op: ['n'],
  compose: () => ({}),
  grid: (_, op) => fold(Math.ceil(op['n']! / 64)),
};

function copyCase(n: number): KernelCase {
  const source = noise(4 * n, 1);
  return {
    name: `${n} vec4`,
    op: { n },
    step: oneStep(1),
    buffers: { source, to: new Float32Array(4 * n) },
    expected: () => ({ to: source }),
    tolerance: 0,
    bytes: 32 * n,
  };
}

export const copyCases: KernelCases = {
  kernel: copy,
  cases: () => [copyCase(1), copyCase(1000)],
  benchCases: () => [copyCase(2 ** 20)],
};
