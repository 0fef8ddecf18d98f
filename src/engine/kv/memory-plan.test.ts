import { describe, expect, it } from 'vitest';
import { readConfig } from '../models/config';
import { planMemory } from './memory-plan';
import { fastkvSettings } from './settings.test-support';

/** As its config.json says it. */
const LLAMA_1B = readConfig({
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
  tie_word_embeddings: true,
});
const N = 4096;
const MIB = 2 ** 20;
const plan = (turnMode: 'exact' | 'lean' | 'full') =>
  planMemory(LLAMA_1B, fastkvSettings({ turnMode }), { N, answer: 256, dtype: 'f16', storedBytes: 2 ** 31 });

describe('the memory plan of Llama-3.2-1B for 4,096 tokens', () => {
  it('in lean mode stays below weights, hot cache, one layer’s K,V, the residual stream and 32 MiB', () => {
    const { weightsBytes, hotBytes, peakBytes } = plan('lean');
    const layer = 2 * N * 8 * 64 * 2;
    const residual = 4 * N * 2048;
    expect(peakBytes).toBeLessThan(weightsBytes + hotBytes + layer + residual + 32 * MIB);
    expect(peakBytes).toBeGreaterThan(weightsBytes + hotBytes + layer + residual);
  });

  it('holds a trunk in exact mode alone, of half the full cache and the inputs of T', () => {
    expect(plan('lean').trunkBytes).toBe(0);
    expect(plan('full').trunkBytes).toBe(0);
    const full = 16 * N * 8 * 64 * 2 * 2;
    const small = 1024; // what tells each head's length
    expect(Math.abs(plan('exact').trunkBytes - (full / 2 + N * 2048 * 2))).toBeLessThan(small);
    expect(plan('full').hotBytes).toBeGreaterThan(full);
    expect(plan('exact').hotBytes).toBeLessThan(0.2 * full);
  });
});
