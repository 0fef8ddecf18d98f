import { ALL_PROFILES, fold, reduction, type Kernel } from './kernel';
import { asStored, noise, oneStep, type KernelCase, type KernelCases } from './cases';
import type { StorageDtype } from '../../protocol';

const WG = 32;

/** Norm and RoPE of queries and keys; keys and values appended to the cache. */
export const rope_append: Kernel = {
  name: 'rope_append',
  profiles: ALL_PROFILES,
  bindings: [
    'op:uniform',
    'step:uniform',
    'qkv:write',
    'qk_norm:read',
    'rope:read',
    'kept:read',
    'positions:read',
    'k:write',
    'v:write',
  ],
  stored: ['k', 'v'],
  op: ['H', 'G', 'capacity', 'D', 'R', 'norm', 'eps:f32', 'gathered', 'append', 'table'],
  compose: ({ profile, dtype }) => ({
    enable: reduction(profile, WG).enable,
    consts: { WG },
    chunks: ['step', `kv_${dtype}`, reduction(profile, WG).chunk],
  }),
  grid: ({ profile }, op, { rows }) =>
    fold(Math.ceil((rows * (op['H']! + 2 * op['G']!)) / reduction(profile, WG).itemsPerGroup)),
};

/** How heads are turned: pair i at position p by the angle p invFreq[i], with cos and sin times `factor`. */
export interface Rope {
  readonly invFreq: Float64Array; // [R/2], of the R dims that are turned
  readonly factor: number;
}

const coarseRows = (contextLength: number): number => Math.ceil(contextLength / 256);

/** Floats of the table for R turned dims. */
export const ropeTableLength = (R: number, contextLength: number): number =>
  (256 + coarseRows(contextLength)) * R;

/**
 * (cos, sin) of p * inv_freq for p in 0..255, then, times the factor, for p = 256 * i up to the context's end.
 * [256 + ceil(context/256), R/2, 2]
 */
export function ropeTable({ invFreq, factor }: Rope, contextLength: number): Float32Array<ArrayBuffer> {
  const coarse = coarseRows(contextLength);
  const positions = [...Array(256).keys(), ...Array.from({ length: coarse }, (_, i) => 256 * i)];
  const table = new Float32Array(positions.length * invFreq.length * 2);
  positions.forEach((p, row) => {
    const scale = row < 256 ? 1 : factor;
    invFreq.forEach((frequency, i) => {
      const at = 2 * (row * invFreq.length + i);
      table[at] = scale * Math.cos(p * frequency);
      table[at + 1] = scale * Math.sin(p * frequency);
    });
  });
  return table;
}

/** The specification of RoPE, in place, in the halves form of the head's first R dims. head [D] */
export function ropeReference(head: Float32Array, position: number, { invFreq, factor }: Rope): void {
  invFreq.forEach((frequency, i) => {
    const [a, b] = [head[i]!, head[i + invFreq.length]!];
    const [cos, sin] = [factor * Math.cos(position * frequency), factor * Math.sin(position * frequency)];
    head[i] = a * cos - b * sin;
    head[i + invFreq.length] = a * sin + b * cos;
  });
}

interface Shape {
  readonly D: number;
  readonly H: number;
  readonly G: number;
  readonly T: number;
  readonly norm: boolean;
  /** Of row 0, or of all rows and one before them. */
  readonly position: number | readonly number[];
  /** Default true. */
  readonly append?: boolean;
  /** Dims that are turned; default D. */
  readonly R?: number;
  /** Of cos and sin; default 1. */
  readonly factor?: number;
}

function ropeCase(shape: Shape, dtype: StorageDtype): KernelCase {
  const { D, H, G, T, norm, position, append = true, R = D, factor = 1 } = shape;
  const heads = H + 2 * G;
  const [capacity, appended, eps] = [T + 9, 5, 1e-6];
  const kept = Uint32Array.from({ length: G }, (_, g) => g % 3);
  const qkv = noise(T * heads * D, 1);
  const qkNorm = noise(2 * D, 2);
  const cache = () => asStored(noise(G * capacity * D, 3), dtype);
  const invFreq = Float64Array.from({ length: R / 2 }, (_, i) => 10_000 ** ((-2 * i) / R));
  const rope = { invFreq, factor };
  const gathered = typeof position !== 'number';
  const positionOf = (t: number) => (gathered ? position[t + 1]! : position + t);
  const table = R > 0 ? ropeTable(rope, positionOf(T - 1) + 1) : [];
  const skipped = gathered || R === 0 ? 12 : 0; // another table before
  const expected = () => {
    const [out, k, v] = [qkv.slice(), cache(), cache()];
    for (let item = 0; item < T * heads; item++) {
      const [t, head] = [Math.floor(item / heads), item % heads];
      const values = out.subarray(item * D, (item + 1) * D);
      if (head >= H && !append) continue;
      if (head >= H + G) {
        const g = head - H - G;
        v.set(asStored(values.slice(), dtype), (g * capacity + kept[g]! + appended + t) * D);
        continue;
      }
      const isKey = head >= H;
      const turned = values.slice();
      if (norm) {
        const scale = 1 / Math.sqrt(turned.reduce((sum, x) => sum + x * x, 0) / D + eps);
        turned.forEach((x, d) => (turned[d] = x * scale * qkNorm[(isKey ? D : 0) + d]!));
      }
      ropeReference(turned, positionOf(t), rope);
      const g = head - H;
      if (isKey) k.set(asStored(turned, dtype), (g * capacity + kept[g]! + appended + t) * D);
      else values.set(turned);
    }
    return { qkv: out, k, v };
  };
  return {
    name: `${T} rows H=${H} G=${G} D=${D}${norm ? ' norm' : ''}${append ? '' : ' q alone'}${R === D ? '' : ` R=${R}`}${factor === 1 ? '' : ` times ${factor}`} at ${String(position)}`,
    D,
    op: {
      ...{ H, G, capacity, D, R, norm: norm ? 1 : 0, eps },
      ...{ gathered: gathered ? 1 : 0, append: append ? 1 : 0, table: skipped / 4 },
    },
    step: oneStep(T, { position: gathered ? 1 : position, appended }),
    buffers: {
      ...{ qkv, qk_norm: qkNorm, rope: Float32Array.of(...noise(skipped, 4), ...table), kept },
      ...{ positions: Uint32Array.from(gathered ? position : [0]), k: cache(), v: cache() },
    },
    expected,
    // A half may round to its neighbour when the shader's value differs in the last bit of a float.
    tolerance: dtype === 'f16' ? 1e-3 : 1e-5,
    bytes: T * heads * D * 8,
  };
}

export const ropeAppendCases: KernelCases = {
  kernel: rope_append,
  cases: (dtype) =>
    [
      { D: 8, H: 3, G: 1, T: 1, norm: false, position: 0 },
      { D: 32, H: 4, G: 2, T: 5, norm: false, position: 254 },
      { D: 80, H: 2, G: 2, T: 3, norm: true, position: 1000 },
      { D: 128, H: 9, G: 3, T: 7, norm: true, position: 131_000 },
      { D: 64, H: 7, G: 1, T: 4, norm: false, position: [0, 3, 255, 256, 1301] },
      { D: 96, H: 4, G: 2, T: 3, norm: true, position: [1, 2, 700, 701], append: false },
      { D: 16, H: 2, G: 2, T: 2, norm: false, position: 9, append: false },
      { D: 128, H: 3, G: 1, T: 3, norm: true, position: 4000, R: 96, factor: 1.19 },
      { D: 16, H: 4, G: 2, T: 4, norm: false, position: [0, 9, 300, 301, 302], R: 12 },
      { D: 32, H: 2, G: 1, T: 3, norm: true, position: 300, R: 0 },
      { D: 64, H: 2, G: 1, T: 2, norm: false, position: 70_000, factor: 1.4 },
      { D: 256, H: 4, G: 1, T: 2, norm: true, position: 30 },
    ].map((shape) => ropeCase(shape, dtype)),
  benchCases: (dtype) => [ropeCase({ D: 64, H: 16, G: 8, T: 256, norm: true, position: 1000 }, dtype)],
};
