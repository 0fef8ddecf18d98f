import type { Kernel } from './kernel';
import { cappedReference } from './attention';
import { formName, reading, rowBytes, type AffineGroups, type MatrixForm } from './affine';
import {
  GROUP_FORMS,
  LOADED_FORMS,
  matrixBuffers,
  noise,
  oneStep,
  type KernelCase,
  type KernelCases,
} from './cases';
import type { Profile, StorageDtype } from '../../protocol';

/** What a linear layer does with its sums; numbers as in chunks/epilogue.wgsl. */
export const EPILOGUE = { store: 0, add: 1, silu_mul: 2, gelu_mul: 3, cap: 4 } as const;
export type Epilogue = keyof typeof EPILOGUE;

/** Bindings and fields that the three linear kernels share, so that one bind group serves matvec and matmul. */
export const LINEAR = {
  bindings: ['op:uniform', 'step:uniform', 'x:read', 'bias:read', 'y:write', 'w:read'],
  stored: ['w'],
  op: ['N', 'K', 'first', 'count', 'epilogue', 'has_bias', 'skip', 'scale:f32'],
} as const satisfies Pick<Kernel, 'bindings' | 'stored' | 'op'>;

export const linearChunks = (dtype: StorageDtype): string[] => [
  'step',
  'soft_cap',
  'epilogue',
  `weights_${dtype}`,
];

const silu = (v: number): number => v / (1 + Math.exp(-v));
const gelu = (v: number): number =>
  0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));

export interface LinearInputs {
  readonly T: number;
  readonly N: number;
  readonly K: number;
  readonly x: Float32Array; // [T, K]
  readonly w: Float32Array; // [N, K]
  readonly bias?: Float32Array | undefined; // [N]
}

/** x w^T + bias: the specification of matvec and matmul. [T, N] */
export function linearReference({ T, N, K, x, w, bias }: LinearInputs): Float32Array<ArrayBuffer> {
  const y = new Float32Array(T * N);
  for (let t = 0; t < T; t++) {
    for (let n = 0; n < N; n++) {
      let sum = bias?.[n] ?? 0;
      for (let k = 0; k < K; k++) sum += w[n * K + k]! * x[t * K + k]!;
      y[t * N + n] = sum;
    }
  }
  return y;
}

/** silu(even columns), or gelu of them in the form with tanh, * odd columns. [T, N] -> [T, N/2] */
export function gateReference(
  pairs: Float32Array,
  activation: 'silu' | 'gelu_pytorch_tanh' = 'silu',
): Float32Array<ArrayBuffer> {
  const act = activation === 'silu' ? silu : gelu;
  return Float32Array.from({ length: pairs.length / 2 }, (_, i) => act(pairs[2 * i]!) * pairs[2 * i + 1]!);
}

interface Shape {
  readonly T: number;
  readonly N: number;
  readonly K: number;
  readonly epilogue: Epilogue;
  readonly bias?: boolean;
  /** Only these outputs. */
  readonly piece?: readonly [first: number, count: number];
  /** Rows of w in the buffer before those of the piece. */
  readonly skip?: number;
  /** Default 1. */
  readonly scale?: number;
}

export function linearCase(shape: Shape, form: MatrixForm, tolerance = 1e-5): KernelCase {
  const { T, N, K, epilogue, scale = 1 } = shape;
  const [first, count] = shape.piece ?? [0, N];
  const skip = shape.skip ?? 0;
  const row = rowBytes(K, form);
  const x = noise(T * K, 1);
  // With a skip, rows that must not be read lie before the piece and behind it.
  const { buffers, values: w } = matrixBuffers(noise((skip + count + (skip > 0 ? 3 : 0)) * K, 2), form);
  const bias = shape.bias ? noise(N, 3) : new Float32Array(4);
  const isPairs = epilogue === 'silu_mul' || epilogue === 'gelu_mul';
  const y = noise(isPairs ? (T * N) / 2 : T * N, 4);
  const expected = () => {
    const sums = linearReference({
      T,
      N: count,
      K,
      x,
      w: w.subarray(skip * K),
      bias: shape.bias ? bias.slice(first) : undefined,
    });
    const out = y.slice();
    const values = isPairs
      ? gateReference(sums, epilogue === 'gelu_mul' ? 'gelu_pytorch_tanh' : 'silu')
      : sums.map((v) => (epilogue === 'cap' ? cappedReference(v, scale) : scale * v));
    const [width, from, stride] = isPairs ? [count / 2, first / 2, N / 2] : [count, first, N];
    values.forEach((v, i) => {
      const to = Math.floor(i / width) * stride + from + (i % width);
      out[to] = epilogue === 'add' ? y[to]! + v : v;
    });
    return { y: out };
  };
  return {
    name: `${T}x${N}x${K} ${epilogue}${shape.bias ? ' bias' : ''}${shape.piece ? ` piece ${first}+${count}` : ''}${skip > 0 ? ` skip ${skip}` : ''}${scale === 1 ? '' : ` times ${scale}`}${typeof form === 'string' ? '' : ` ${formName(form)}`}`,
    op: { N, K, first, count, epilogue: EPILOGUE[epilogue], has_bias: shape.bias ? 1 : 0, skip, scale },
    step: oneStep(T),
    buffers: { x, bias, y, ...buffers },
    expected,
    tolerance,
    flops: 2 * T * count * K,
    bytes: count * (row.values + row.scales) + 4 * T * (K + count),
  };
}

/**
 * Shapes that hurt: K below and beyond a step, odd counts of eights, one over a tile, pieces, every epilogue. For groups,
 * K is a few of them.
 */
export function linearCases(rows: readonly number[], form: MatrixForm, tolerance?: number): KernelCase[] {
  const length = (K: number) => (typeof form === 'string' ? K : form.group * Math.ceil(K / 40));
  const shapes = rows.flatMap((T): Shape[] => [
    { T, N: 2, K: 8, epilogue: 'store' },
    { T, N: 66, K: 24, epilogue: 'store', bias: true },
    { T, N: 130, K: 72, epilogue: 'add' },
    { T, N: 64, K: 64, epilogue: 'silu_mul', bias: true },
    { T, N: 72, K: 136, epilogue: 'silu_mul' },
    { T, N: 128, K: 40, epilogue: 'store', bias: true, piece: [64, 64] },
    { T, N: 96, K: 40, epilogue: 'silu_mul', piece: [8, 70] },
    { T, N: 96, K: 24, epilogue: 'store', bias: true, piece: [66, 30], skip: 66 },
    { T, N: 128, K: 72, epilogue: 'add', piece: [4, 70], skip: 1 },
    { T, N: 66, K: 24, epilogue: 'add', bias: true, scale: 0.22 },
    { T, N: 34, K: 40, epilogue: 'store', scale: 0.125 },
    { T, N: 34, K: 24, epilogue: 'cap', bias: true, scale: 1.5 },
    { T, N: 72, K: 40, epilogue: 'gelu_mul', bias: true },
    { T, N: 96, K: 40, epilogue: 'silu_mul', bias: true, piece: [26, 70], skip: 16 },
  ]);
  return shapes.map((shape) => linearCase({ ...shape, K: length(shape.K) }, form, tolerance));
}

/** The cases of a linear kernel that reads groups. */
export function groupCases(
  kernel: Kernel,
  rows: readonly number[],
  benchRows: number,
  tolerance: (dtype: StorageDtype, profile: Profile) => number | undefined = () => undefined,
): KernelCases[] {
  return GROUP_FORMS.map((form: AffineGroups) => ({
    kernel: reading(kernel, form),
    cases: (dtype, profile) => linearCases(rows, form, tolerance(dtype, profile)),
    benchCases: () =>
      LOADED_FORMS.includes(form)
        ? [linearCase({ T: benchRows, N: 1024, K: 1024, epilogue: 'store' }, form)]
        : [],
  }));
}
