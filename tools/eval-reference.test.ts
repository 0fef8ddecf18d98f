import { describe, expect, it } from 'vitest';
import { compareSelections } from '../bench/eval-reference';

// Two layers of one KV head, T = 0, ten tokens, a window of two: four go on, layer 0 keeps five, layer 1 three.
const scores = [
  Float32Array.of(0.9, 0.1, 0.8, 0.3, 0.3 + 1e-6, 0.2, 0.7, 0.05, 0, 0),
  Float32Array.of(0.5, 0.5, 0, 0),
];
const reading = {
  plan: {
    ...{ N: 10, lowerLayers: 1, propagated: 4, kept: [6, 3], protect: 0, whole: undefined },
    scorer: { window: 2, kernel: 1, pooling: 'max' as const },
  },
  scores,
};
const compare = (propagated: number[], kept: number[][], by = scores) =>
  compareSelections({ ...reading, scores: by }, { propagated, kept: kept.map((layer) => [layer]) });

describe('a selection against the reference’s', () => {
  it('is equal when every set is', () => {
    expect(
      compare(
        [0, 2, 8, 9],
        [
          [0, 2, 4, 6, 8, 9],
          [0, 8, 9],
        ],
      ),
    ).toBe('equal');
  });

  it('is tied when the cut went through equal scores, at once or in a layer behind', () => {
    expect(
      compare(
        [0, 2, 8, 9],
        [
          [0, 2, 3, 6, 8, 9],
          [0, 8, 9],
        ],
      ),
    ).toBe('tied');
    expect(
      compare(
        [0, 2, 8, 9],
        [
          [0, 2, 4, 6, 8, 9],
          [2, 8, 9],
        ],
      ),
    ).toBe('tied');
  });

  it('is tied among scores so small that a device takes them for nothing', () => {
    const small = (fifth: number) => [
      Float32Array.of(0.9, 0, 0.8, 0, fifth, 1e-39, 0.7, 0, 0, 0),
      scores[1]!,
    ];
    const kept = [
      [0, 2, 5, 6, 8, 9],
      [0, 8, 9],
    ];
    expect(compare([0, 2, 8, 9], kept, small(1e-38))).toBe('tied');
    expect(compare([0, 2, 8, 9], kept, small(1e-35))).toMatchObject({
      difference: expect.stringContaining('tokens 5 instead of 4'),
    });
  });

  it('holds layers past a tie to the tokens that then went on', () => {
    const tied = [Float32Array.of(0.9, 0.8, 0.8, 0, 0, 0, 0, 0, 0, 0), Float32Array.of(0.1, 0.5, 0, 0)];
    const lower = [0, 1, 2, 3, 8, 9];
    expect(compare([0, 1, 8, 9], [lower, [1, 8, 9]], tied)).toBe('equal');
    expect(compare([0, 2, 8, 9], [lower, [2, 8, 9]], tied)).toBe('tied');
    expect(compare([0, 2, 8, 9], [lower, [0, 8, 9]], tied)).toMatchObject({
      difference: expect.stringContaining('layer 1, KV head 0: tokens 0 instead of 2'),
    });
  });

  it('is equal where nothing was selected on either side', () => {
    const every = [0, 1, 2];
    const plan = {
      N: 3,
      lowerLayers: 2,
      propagated: 3,
      kept: [3, 3],
      protect: 0,
      whole: undefined,
      scorer: undefined,
    };
    const nothing = { propagated: undefined, kept: [[every], [every]] };
    expect(compareSelections({ plan, scores: [undefined, undefined] }, nothing)).toBe('equal');
  });
});

describe('a selection that is not the reference’s', () => {
  const DIFFERENT: [what: string, propagated: number[], kept: number[][], message: string][] = [
    ['a worse token', [0, 6, 8, 9], [], 'tokens propagated at layer 0: tokens 6 instead of 2'],
    ['a window’s token missing', [0, 2, 6, 9], [], 'tokens propagated at layer 0: tokens 6 instead of 8'],
    ['a token too few', [0, 8, 9], [], 'tokens propagated at layer 0: 3 tokens instead of 4'],
    [
      'a token twice',
      [0, 2, 8, 9],
      [
        [0, 2, 6, 8, 9, 9],
        [0, 8, 9],
      ],
      'layer 0, KV head 0: tokens  instead of 4',
    ],
    [
      'a worse token kept',
      [0, 2, 8, 9],
      [
        [0, 1, 2, 6, 8, 9],
        [0, 8, 9],
      ],
      'layer 0, KV head 0: tokens 1 instead of 4',
    ],
    [
      'a token kept that never came there',
      [0, 2, 8, 9],
      [
        [0, 2, 4, 6, 8, 9],
        [6, 8, 9],
      ],
      'layer 1, KV head 0: tokens 6 instead of 0',
    ],
  ];
  it.each(DIFFERENT)('is different with %s', (_, propagated, kept, message) => {
    expect(compare(propagated, kept)).toEqual({ difference: expect.stringContaining(message) });
  });
});
