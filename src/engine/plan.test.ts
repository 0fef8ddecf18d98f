import { describe, expect, it } from 'vitest';
import type { PlanRequest, WeightForm } from '../protocol';
import { Engine } from './engine';
import { planModel, plannedFromConfig } from './plan';

/** As Qwen3-0.6B publishes it, without what is the default. */
const QWEN = {
  model_type: 'qwen3',
  hidden_size: 1024,
  intermediate_size: 3072,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  vocab_size: 151_936,
  max_position_embeddings: 40_960,
  tie_word_embeddings: true,
  torch_dtype: 'bfloat16',
};
const PACKED = { ...QWEN, quantization: { group_size: 64, bits: 4 } };
const MIB = 2 ** 20;

const plan = (config: object, more: Partial<PlanRequest> = {}) =>
  planModel(plannedFromConfig(JSON.stringify(config)), { promptTokens: 4096, answerTokens: 256, ...more });

const never = async (): Promise<never> => expect.unreachable('no adapter is needed');
const engine = () => new Engine({ requestAdapter: never, openFolder: () => expect.unreachable() });

describe('a plan from a config.json', () => {
  it('knows the model by it', () => {
    expect(plan(QWEN).model).toEqual({
      family: 'qwen3',
      parameters: 596_049_920,
      contextLength: 40_960,
      weights: 'f16',
      isPacked: false,
    });
  });

  it('takes weights of half as many bits for about half as much', () => {
    const bytes = (dtype: WeightForm) => plan(QWEN, { dtype }).weightsBytes;
    expect(bytes('f32') / bytes('f16')).toBeCloseTo(2, 2);
    expect(bytes('q8') / bytes('f16')).toBeCloseTo(8.5 / 16, 3);
    expect(bytes('q4') / bytes('f16')).toBeCloseTo(5 / 16, 3);
  });

  it('keeps what a checkpoint holds quantised, whatever is asked for', () => {
    for (const dtype of [undefined, 'f16', 'q8'] as const) {
      const { weightsBytes, model } = plan(PACKED, { dtype });
      expect(model).toMatchObject({ weights: 'q4', isPacked: true });
      expect(weightsBytes / (596_049_920 * (4.5 / 8))).toBeCloseTo(1, 2);
    }
  });

  it('leaves alone what MLX did: modules that config.json takes out of quantisation, and rows without whole groups', () => {
    const own = plan({ ...PACKED, quantization: { ...PACKED.quantization, 'model.embed_tokens': false } });
    const embedding = 151_936 * 1024;
    expect(own.weightsBytes - plan(PACKED).weightsBytes).toBe(embedding * 2 - (embedding * 4.5) / 8);
    // As in files of a text model that also sees.
    for (const module of ['language_model.model.embed_tokens', 'model.language_model.embed_tokens']) {
      const below = plan({ ...PACKED, quantization: { ...PACKED.quantization, [module]: false } });
      expect(below.weightsBytes).toBe(own.weightsBytes);
    }
    // Rows of 992 are no whole groups of 64: all but o_proj and down_proj stay as they are.
    const narrow = plan({ ...PACKED, hidden_size: 992 });
    expect(narrow.weightsBytes).toBeGreaterThan(151_936 * 992 * 2);
  });

  it('holds the full cache against what is kept, in the same bytes', () => {
    const full = plan(QWEN, { kv: { turnMode: 'full' } });
    expect(full.hotBytes).toBe(full.fullBytes);
    expect(full.trunkBytes).toBe(0);
    const exact = plan(QWEN);
    expect(exact.fullBytes).toBe(full.fullBytes);
    expect(exact.hotBytes).toBeLessThan(0.2 * exact.fullBytes);
  });

  it('counts an answer’s room and what grows with it, where that outgrows the reading', () => {
    const short = plan(QWEN, { promptTokens: 512, answerTokens: 256, kv: { turnMode: 'full' } });
    const long = plan(QWEN, { promptTokens: 512, answerTokens: 8192, kv: { turnMode: 'full' } });
    const entry = 28 * 8 * 128 * 2 * 2;
    expect(long.hotBytes - short.hotBytes).toBe((8192 - 256) * entry);
    expect(long.peakBytes).toBeGreaterThan(long.weightsBytes + long.hotBytes);
    expect(long.peakBytes).toBeLessThan(long.weightsBytes + 1.1 * long.hotBytes + 32 * MIB);
  });

  it('names the largest buffer that no limit can split: a layer’s keys of a long conversation', () => {
    const { largestBufferBytes } = plan(QWEN, { promptTokens: 40_704, kv: { turnMode: 'full' } });
    expect(largestBufferBytes).toBe(40_960 * 8 * 128 * 2);
  });
});

describe('a plan asked of the engine', () => {
  const config = JSON.stringify(QWEN);

  it('needs neither model nor device where the request brings a config', async () => {
    const request = { config, promptTokens: 4096, answerTokens: 256 };
    expect(await engine().plan(request)).toEqual(plan(QWEN));
  });

  it.each<[string, Partial<PlanRequest>, string, RegExp]>([
    ['without a model or a config', { config: undefined }, 'not-loaded', /Load one first/],
    ['with a config that is no JSON', { config: '{' }, 'config-invalid', /config\.json is not JSON/],
    ['of a family that is not known', { config: '{"model_type":"mamba"}' }, 'family-unsupported', /mamba/],
    ['without a prompt', { promptTokens: 0 }, 'bad-argument', /promptTokens is 0/],
    ['with half a token', { answerTokens: 0.5 }, 'bad-argument', /answerTokens is 0\.5/],
    ['with rates beyond all', { kv: { retain: 2 } }, 'bad-argument', /retain is 2/],
  ])('%s is refused', async (_what, change, code, words) => {
    const request = { config, promptTokens: 10, answerTokens: 1, ...change };
    await expect(engine().plan(request)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words),
    });
  });
});
