import { ALL_PROFILES, reduction, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';

const WG = 64;

/** RMSNorm of each row, or of the last one alone; in place of y, or added to it. */
export const rmsnorm: Kernel = {
  name: 'rmsnorm',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'step:uniform', 'x:read', 'weight:read', 'y:write'],
  stored: [],
  op: ['C', 'last_only', 'add', 'eps:f32'],
  compose: ({ profile }) => ({
    enable: reduction(profile, WG).enable,
    consts: { WG },
    chunks: ['step', reduction(profile, WG).chunk],
  }),
  grid: ({ profile }, op, { rows }) => {
    const items = op['last_only'] === 1 ? 1 : rows;
    return [Math.ceil(items / reduction(profile, WG).itemsPerGroup), 1, 1];
  },
};

/** The specification. x [T, C], weight [C] -> [T, C] */
export function rmsnormReference(
  x: Float32Array,
  weight: Float32Array,
  eps: number,
): Float32Array<ArrayBuffer> {
  const C = weight.length;
  const y = new Float32Array(x.length);
  for (let from = 0; from < x.length; from += C) {
    let square = 0;
    for (let c = 0; c < C; c++) square += x[from + c]! ** 2;
    const scale = 1 / Math.sqrt(square / C + eps);
    for (let c = 0; c < C; c++) y[from + c] = x[from + c]! * scale * weight[c]!;
  }
  return y;
}

function rmsnormCase(T: number, C: number, { lastOnly = false, add = false } = {}): KernelCase {
  const x = noise(T * C, 1, 3);
  const weight = noise(C, 2);
  const eps = 1e-5;
  const y = noise(lastOnly ? C : T * C, 3);
  return {
    name: `${T}x${C}${lastOnly ? ' last row' : ''}${add ? ' added' : ''}`,
    op: { C, last_only: lastOnly ? 1 : 0, add: add ? 1 : 0, eps },
    step: oneStep(T),
    buffers: { x, weight, y },
    expected: () => {
      const normed = rmsnormReference(lastOnly ? x.slice(-C) : x, weight, eps);
      return { y: add ? normed.map((v, i) => y[i]! + v) : normed };
    },
    bytes: 12 * T * C,
    flops: 4 * T * C,
  };
}

export const rmsnormCases: KernelCases = {
  kernel: rmsnorm,
  cases: () => [
    rmsnormCase(1, 8),
    rmsnormCase(3, 128),
    rmsnormCase(65, 72),
    rmsnormCase(2, 2048),
    rmsnormCase(7, 264, { lastOnly: true }),
    rmsnormCase(5, 136, { add: true }),
  ],
  benchCases: () => [rmsnormCase(256, 1024)],
};
