import { encodeScales, formName, quantiseReference, rowBytes, type AffineGroups } from './affine';
import { ALL_PROFILES, fold, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { convert, encodeRaw, type RawDtype, type StretchShape } from './convert';

/** Brings a stretch of a tensor into groups with f16 scales. One kernel a dtype of the file and a form. */
export const quantise = (raw: RawDtype, { bits, group }: Pick<AffineGroups, 'bits' | 'group'>): Kernel => ({
  name: 'quantise',
  profiles: ALL_PROFILES,
  bindings: ['op:uniform', 'raw:read', 'out:write', 'scales:write'],
  stored: [],
  op: convert.BF16.op,
  compose: () => ({ consts: { BITS: bits, GROUP: group }, chunks: [`raw_${raw.toLowerCase()}`] }),
  grid: (_, op) => fold(Math.ceil(op['length']! / group / 64)),
});

/** In groups: K, and the stretch's start and length. */
type Shape = StretchShape & { readonly rows: number };

const SHAPES: readonly Shape[] = [
  { rows: 3, K: 1, start: 0, length: 3, stride: 1, offset: 0, piece: [0, 3] },
  { rows: 9, K: 3, start: 2, length: 20, stride: 2, offset: 1, piece: [0, 18] },
  { rows: 12, K: 5, start: 0, length: 60, stride: 1, offset: 5, piece: [8, 6] },
  { rows: 12, K: 2, start: 2, length: 22, stride: 2, offset: -11, piece: [0, 12] },
];

const FORMS: readonly AffineGroups[] = [
  { bits: 4, group: 32, scales: 'f16' },
  { bits: 8, group: 64, scales: 'f16' },
  { bits: 8, group: 32, scales: 'f16' },
];

function quantiseCase(raw: RawDtype, form: AffineGroups, shape: Shape): KernelCase {
  const { group, bits } = form;
  const [K, start, length] = [shape.K * group, shape.start * group, shape.length * group];
  const [first, count] = shape.piece;
  const values = noise(length, 1, 0.1);
  values.fill(0.125, 0, group); // a group of one value
  values.fill(0, group, 2 * group);
  for (let i = 2 * group; i < 3 * group; i++) values[i]! *= 1e-6; // below the smallest scale
  const encoded = encodeRaw(raw, values);
  const { values: perRow, scales: scalesPerRow } = rowBytes(K, form);
  const before = (bytes: number, seed: number) => new Uint32Array(noise((count * bytes) / 4, seed).buffer);
  const [out, scales] = [before(perRow, 2), before(scalesPerRow, 3)];
  const expected = () => {
    const after = { out: out.slice(), scales: scales.slice() };
    const quantised = quantiseReference(encoded.values, form);
    const pairs = encodeScales(quantised.scales, 'f16');
    const words = (group * bits) / 32;
    for (let g = 0; g < shape.length; g++) {
      const row = Math.floor((shape.start + g) / shape.K) * shape.stride + shape.offset - first;
      if (row < 0 || row >= count) continue;
      const to = row * shape.K + ((shape.start + g) % shape.K);
      after.out.set(quantised.words.subarray(g * words, (g + 1) * words), to * words);
      after.scales[to] = pairs[g]!;
    }
    return after;
  };
  return {
    name: `${raw} ${shape.rows}x${K} from ${start}, rows ${shape.stride}r+${shape.offset}, piece ${first}+${count}, ${formName(form)}`,
    op: { start, length, K, stride: shape.stride, offset: shape.offset, first, count },
    step: oneStep(1),
    buffers: { raw: encoded.words, out, scales },
    expected,
    tolerance: 0,
    bytes: length * (raw === 'F32' ? 4 : 2) + count * (perRow + scalesPerRow),
  };
}

const RAW: readonly RawDtype[] = ['BF16', 'F16', 'F32'];

export const quantiseCases: KernelCases[] = RAW.flatMap((raw) =>
  FORMS.map((form) => ({
    kernel: quantise(raw, form),
    cases: () => SHAPES.map((shape) => quantiseCase(raw, form, shape)),
    benchCases: () => {
      const K = 2048 / form.group;
      const piece = [0, 1024] as const;
      return [
        quantiseCase(raw, form, { rows: 1024, K, start: 0, length: 1024 * K, stride: 1, offset: 0, piece }),
      ];
    },
  })),
);
