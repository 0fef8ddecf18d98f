import { ALL_PROFILES, fold, type Kernel } from './kernel';
import { noise, oneStep, type KernelCase, type KernelCases } from './cases';
import { convert, type StretchShape } from './convert';

/** Size of the elements that are placed: packed weights and F32 scales are words, F16 and BF16 scales halves. */
export type PlacedSize = 'words' | 'halves';

/** Brings a stretch of a quantised checkpoint's tensor into its layout, bit for bit. */
export const place = Object.fromEntries(
  (['words', 'halves'] as const).map((size): [PlacedSize, Kernel] => [
    size,
    {
      name: 'place',
      profiles: ALL_PROFILES,
      bindings: ['op:uniform', 'raw:read', 'out:write'],
      stored: [],
      op: [...convert.BF16.op, 'parts', 'part'],
      compose: () => ({ chunks: [`put_${size}`] }),
      grid: (_, op) => fold(Math.ceil(op['length']! / 64)),
    },
  ]),
) as Record<PlacedSize, Kernel>;

interface Shape extends StretchShape {
  readonly size: PlacedSize;
  readonly parts: 1 | 2;
  readonly part: 0 | 1;
}

const SHAPES: readonly Shape[] = [
  { size: 'words', K: 4, start: 0, length: 12, stride: 1, offset: 0, piece: [0, 3], parts: 1, part: 0 },
  { size: 'words', K: 12, start: 10, length: 75, stride: 2, offset: 1, piece: [0, 18], parts: 1, part: 0 },
  { size: 'words', K: 3, start: 2, length: 25, stride: 1, offset: 5, piece: [8, 6], parts: 2, part: 0 },
  { size: 'words', K: 3, start: 0, length: 27, stride: 2, offset: 0, piece: [0, 18], parts: 2, part: 1 },
  { size: 'halves', K: 3, start: 0, length: 27, stride: 2, offset: 1, piece: [0, 18], parts: 2, part: 0 },
  { size: 'halves', K: 5, start: 4, length: 31, stride: 1, offset: 5, piece: [8, 6], parts: 2, part: 1 },
  { size: 'words', K: 4, start: 4, length: 44, stride: 2, offset: -11, piece: [0, 12], parts: 1, part: 0 },
];

function placeCase({ size, ...shape }: Shape): KernelCase {
  const { K, start, length, stride, offset, parts, part } = shape;
  const [first, count] = shape.piece;
  const raw = new Uint32Array(noise(size === 'words' ? length : Math.ceil(length / 2), 1).buffer);
  const perElement = size === 'words' ? 4 : 2;
  const out = new Uint32Array(noise((count * K * parts * perElement) / 4, 2).buffer);
  const expected = () => {
    const View = size === 'words' ? Uint32Array : Uint16Array;
    const after = out.slice();
    const [from, to] = [new View(raw.buffer), new View(after.buffer)];
    for (let i = 0; i < length; i++) {
      const row = Math.floor((start + i) / K) * stride + offset - first;
      if (row >= 0 && row < count) to[(row * K + ((start + i) % K)) * parts + part] = from[i]!;
    }
    return { out: after };
  };
  return {
    name: `${size}, ${parts} parts, ${part}: K=${K} from ${start}, rows ${stride}r+${offset}, piece ${first}+${count}`,
    op: { start, length, K, stride, offset, first, count, parts, part },
    step: oneStep(1),
    buffers: { raw, out },
    expected,
    tolerance: 0,
    bytes: 2 * length * perElement,
  };
}

export const placeCases: KernelCases[] = (Object.keys(place) as PlacedSize[]).map((size) => ({
  kernel: place[size],
  cases: () => SHAPES.filter((shape) => shape.size === size).map(placeCase),
}));
