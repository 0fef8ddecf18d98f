import { describe, expect, it } from 'vitest';
import { readConfig } from '../config';

const PHI3 = {
  model_type: 'phi3',
  hidden_size: 3072,
  intermediate_size: 8192,
  num_hidden_layers: 2,
  num_attention_heads: 24,
  vocab_size: 200_064,
};
const FACTORS = { short_factor: Array<number>(48).fill(1), long_factor: Array<number>(48).fill(3) };
const rope = (more: object) => readConfig({ ...PHI3, partial_rotary_factor: 0.75, ...more }).layers[0]!.rope!;

describe('phi3', () => {
  it('has the defaults of transformers, and its matrices fused', () => {
    expect(readConfig(PHI3)).toMatchObject({
      ...{ G: 24, D: 128, contextLength: 4096, rmsNormEps: 1e-5 },
      ...{ tied: false, fused: true, qkvBias: false },
    });
  });

  it('turns the part of the head that partial_rotary_factor says, in either spelling', () => {
    expect(rope({}).dims).toBe(96);
    const grouped = { partial_rotary_factor: 0.5, rope_type: 'default' };
    expect(rope({ rope_parameters: grouped }).dims).toBe(64);
    expect(readConfig(PHI3).layers[0]!.rope!.dims).toBe(128);
    expect(() => rope({ partial_rotary_factor: 0.7 })).toThrow(/partial_rotary_factor 0.7; a multiple of 4/);
    expect(() => rope({ partial_rotary_factor: 1.5 })).toThrow(/partial_rotary_factor 1.5/);
  });

  it('takes its original context from beside the group, else 4,096, whatever the group says', () => {
    const group = { type: 'longrope', ...FACTORS, original_max_position_embeddings: 100 };
    const original = (more: object) =>
      rope({ max_position_embeddings: 131_072, rope_scaling: group, ...more }).scaling;
    expect(original({})).toMatchObject({ original_max_position_embeddings: 4096 });
    expect(original({ original_max_position_embeddings: 8192 })).toMatchObject({
      original_max_position_embeddings: 8192,
      attention_factor: Math.sqrt(1 + Math.log(16) / Math.log(8192)),
    });
  });

  it.each(['su', 'yarn', 'longrope'])('reads longrope under the name %s', (type) => {
    expect(rope({ rope_scaling: { type, ...FACTORS } }).scaling.type).toBe('longrope');
  });

  it('slides in every layer, where it has a window that a sequence may outgrow', () => {
    const windows = (more: object) => readConfig({ ...PHI3, ...more }).layers.map(({ window }) => window);
    expect(windows({ sliding_window: 2047 })).toEqual([2047, 2047]);
    expect(windows({ sliding_window: null })).toEqual([undefined, undefined]);
    expect(windows({ sliding_window: 262_144 })).toEqual([undefined, undefined]);
  });
});
