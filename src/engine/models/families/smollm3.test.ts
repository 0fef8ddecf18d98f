import { describe, expect, it } from 'vitest';
import { readConfig } from '../config';

const SMOLLM3 = {
  model_type: 'smollm3',
  hidden_size: 2048,
  intermediate_size: 11_008,
  num_hidden_layers: 9,
  num_attention_heads: 16,
  vocab_size: 128_256,
};
const withRope = (more: object) =>
  readConfig({ ...SMOLLM3, ...more }).layers.map(({ rope }) => (rope ? 1 : 0));

describe('smollm3', () => {
  it('has the defaults of transformers: four KV heads, tied, theta 2,000,000', () => {
    const spec = readConfig(SMOLLM3);
    expect(spec).toMatchObject({ G: 4, D: 128, tied: true, contextLength: 32_768, qkvBias: false });
    expect(spec.layers[0]!.rope).toMatchObject({ theta: 2_000_000, dims: 128 });
  });

  it('leaves every fourth layer without RoPE, or every n-th, or those that no_rope_layers marks with 0', () => {
    expect(withRope({})).toEqual([1, 1, 1, 0, 1, 1, 1, 0, 1]);
    expect(withRope({ no_rope_layers: null, no_rope_layer_interval: 3 })).toEqual([
      1, 1, 0, 1, 1, 0, 1, 1, 0,
    ]);
    const marked = [0, 1, 1, 1, 1, 0, 1, 1, 1];
    expect(withRope({ no_rope_layers: [...marked, 0, 0], no_rope_layer_interval: 3 })).toEqual(marked);
  });

  it('slides, where that is switched on, in the layers without RoPE or those that layer_types names', () => {
    const slides = (more: object) =>
      readConfig({ ...SMOLLM3, use_sliding_window: true, sliding_window: 1000, ...more }).layers.map(
        ({ window }) => (window === 1000 ? 1 : 0),
      );
    const none = new Array<number>(9).fill(0);
    expect(slides({})).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0]);
    expect(slides({ use_sliding_window: false })).toEqual(none);
    expect(slides({ sliding_window: null })).toEqual(none);
    expect(slides({ no_rope_layer_interval: 100 })).toEqual(none);
    expect(slides({ layer_types: Array(9).fill('full_attention') })).toEqual(none);
  });

  it.each([
    ['too few marks', { no_rope_layers: [1, 1, 1] }],
    ['marks that are no numbers', { no_rope_layers: Array(9).fill(true) }],
    ['no list', { no_rope_layers: 4 }],
    ['an interval of 0', { no_rope_layer_interval: 0 }],
  ])('refuses %s, naming the field', (_, more) => {
    expect(() => readConfig({ ...SMOLLM3, ...more })).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringContaining('no_rope_layer') }),
    );
  });
});
