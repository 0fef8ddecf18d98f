import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { ALL_PROFILES, fold, type Kernel } from './kernel';

const WG = 64;

/** Positions of the entries that stay, for layers that slide. */
export const kept_positions: Kernel = {
  name: 'kept_positions',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'index:read', 'positions:read', 'to:write'],
  stored: [],
  op: ['G', 'take', 'capacity', 'every', 'reduced'],
  compose: () => ({ consts: { WG } }),
  grid: (_, op) => fold(Math.ceil((op['G']! * op['take']!) / WG)),
};

function keptCase(G: number, take: number, every: boolean, reduced: boolean): KernelCase {
  const capacity = take + 3;
  const index = Uint32Array.from({ length: G * take }, (_, i) => (i % take) + Math.floor(i / take));
  const positions = Uint32Array.from({ length: take + G }, (_, s) => 3 * s + 1);
  const to = Uint32Array.from(noise(G * capacity, 1), (v) => Math.floor(500 + 100 * v));
  const expected = () => {
    const out = to.slice();
    for (let i = 0; i < G * take; i++) {
      const s = every ? i % take : index[i]!;
      out[Math.floor(i / take) * capacity + (i % take)] = reduced ? positions[s]! : s;
    }
    return { to: out };
  };
  return {
    name: `${every ? 'all' : ''} ${take} of G=${G}${reduced ? ' reduced' : ''}`,
    op: { G, take, capacity, every: every ? 1 : 0, reduced: reduced ? 1 : 0 },
    step: oneStep(1),
    buffers: { index, positions, to },
    expected,
    tolerance: 0,
  };
}

export const keptPositionsCases: KernelCases = {
  kernel: kept_positions,
  cases: () => [
    keptCase(1, 1, false, false),
    keptCase(3, 70, false, true),
    keptCase(2, 33, true, false),
    keptCase(2, 40, true, true),
  ],
};
