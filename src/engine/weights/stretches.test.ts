import { describe, expect, it } from 'vitest';
import type { TensorEntry } from './safetensors';
import { memorySource } from './sources';
import { stretches } from './stretches';

const source = memorySource('model.safetensors', new Uint8Array(0));

const tensor = (name: string, begin: number, bytes: number): TensorEntry => ({
  name,
  dtype: 'BF16',
  shape: [bytes / 2],
  source,
  begin,
  bytes,
});

/** Neighbours and holes, sizes that are no multiple of 8, one tensor longer than any limit used here, one empty. */
const TENSORS = [
  tensor('a', 100, 6),
  tensor('b', 106, 8),
  tensor('c', 114, 0),
  tensor('d', 114, 1002),
  tensor('e', 2000, 30),
  tensor('f', 2030, 2),
  tensor('g', 2040, 16),
];
const LIMITS = [
  ...[8, 16, 20, 23, 64, 100, 4096].map((most): [number, number] => [most, 8]),
  [64, 64] as const,
  [100, 64] as const,
  [512, 128] as const,
];

describe.each(LIMITS)('stretches of at most %i bytes, cut at multiples of %i', (most, cut) => {
  const reads = stretches(TENSORS, most, cut);
  const parts = reads.flatMap((read) => read.parts.map((part) => ({ ...part, read })));

  it('read every byte asked for once, and no other', () => {
    const wanted = TENSORS.flatMap(({ begin, bytes }) => Array.from({ length: bytes }, (_, i) => begin + i));
    const read = reads.flatMap(({ begin, bytes }) => Array.from({ length: bytes }, (_, i) => begin + i));
    expect(read).toEqual(wanted);
  });

  it('are within the limit and not empty', () => {
    for (const { bytes } of reads) {
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThanOrEqual(most);
    }
  });

  it('have parts that lie where the tensor lies, one behind the other', () => {
    for (const { tensor: of, from, at, bytes, read } of parts) {
      expect(read.begin + at).toBe(of.begin + from);
      expect(from + bytes).toBeLessThanOrEqual(of.bytes);
    }
    for (const { bytes, parts: own } of reads) {
      const ends = own.map((part) => part.at + part.bytes);
      expect(own.map(({ at }) => at)).toEqual([0, ...ends.slice(0, -1)]);
      expect(ends.at(-1)).toBe(bytes);
    }
  });

  it('cut tensors only at such multiples from their own start', () => {
    expect(parts.filter(({ from }) => from % cut !== 0)).toEqual([]);
  });
});

describe('stretches', () => {
  it('join neighbours and leave holes alone', () => {
    const reads = stretches(TENSORS, 4096);
    expect(reads.map(({ begin, bytes }) => [begin, bytes])).toEqual([
      [100, 1016],
      [2000, 32],
      [2040, 16],
    ]);
  });

  it('go through the file in its order, whatever the order of the tensors', () => {
    expect(stretches([...TENSORS].reverse(), 64)).toEqual(stretches(TENSORS, 64));
  });

  it('are none for no tensors', () => {
    expect(stretches([], 64)).toEqual([]);
  });
});
