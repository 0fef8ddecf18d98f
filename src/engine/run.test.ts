import { describe, expect, it } from 'vitest';
import { GREEDY } from './kernels/sampling';
import { checkOptions, type RunOptions } from './run';

const withSettings = (sampling: Partial<RunOptions['sampling']>, maxNewTokens = 5): RunOptions => ({
  sampling: { ...GREEDY, ...sampling },
  maxNewTokens,
  stopIds: new Set(),
  signal: new AbortController().signal,
});

describe('the settings of a turn', () => {
  it('are taken when a kernel can work with them', () => {
    checkOptions(withSettings({}));
    checkOptions(
      withSettings({ temperature: 1.5, topK: 50, topP: 0.9, minP: 0.05, repetitionPenalty: 1.2, seed: 7 }),
    );
  });

  it.each([
    ['temperature', NaN],
    ['temperature', -1],
    ['topK', 2 ** 32],
    ['topK', 1.5],
    ['topP', -0.1],
    ['topP', NaN],
    ['minP', 1.1],
    ['repetitionPenalty', 0],
    ['repetitionPenalty', Infinity],
    ['seed', -1],
  ])('are refused by name: %s %d', (name, value) => {
    expect(() => checkOptions(withSettings({ [name]: value }))).toThrow(
      expect.objectContaining({
        code: 'bad-argument',
        message: expect.stringContaining(`${name} is ${value}`) as string,
      }),
    );
  });

  it.each([0, -3, NaN, 2.5])('refuse an answer of %d tokens', (count) => {
    expect(() => checkOptions(withSettings({}, count))).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
  });
});
