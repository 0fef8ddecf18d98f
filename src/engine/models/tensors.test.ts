import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../weights/safetensors';
import { memorySource } from '../weights/sources';
import { readConfig } from './config';
import { DEMO_FOLDER, FIRST_FOLDER } from './fixtures.test-support';
import type { ModelSpec } from './spec';
import { llamaSpec } from './spec.test-support';
import { checkTensors, expectedTensors } from './tensors';

const SPEC = llamaSpec({ L: 2, H: 4, G: 2, D: 8, C: 24, F: 40, V: 100 });

type Entry = { dtype: string; shape: readonly number[] };
const checkpoint = (spec: ModelSpec, rename = (name: string): string => name): Map<string, Entry> =>
  new Map(expectedTensors(spec).map(({ name, shape }) => [rename(name), { dtype: 'BF16', shape }]));
const names = (spec: Partial<ModelSpec>): string[] =>
  expectedTensors({ ...SPEC, ...spec }).map(({ name }) => name);

describe('expectedTensors', () => {
  it('lists a layer with its shapes, names as in the checkpoint', () => {
    const layer = expectedTensors(SPEC).filter(({ name }) => name.startsWith('model.layers.1.'));
    expect(
      Object.fromEntries(layer.map(({ name, shape }) => [name.slice('model.layers.1.'.length), shape])),
    ).toEqual({
      'input_layernorm.weight': [24],
      'self_attn.q_proj.weight': [32, 24],
      'self_attn.k_proj.weight': [16, 24],
      'self_attn.v_proj.weight': [16, 24],
      'self_attn.o_proj.weight': [24, 32],
      'post_attention_layernorm.weight': [24],
      'mlp.gate_proj.weight': [40, 24],
      'mlp.up_proj.weight': [40, 24],
      'mlp.down_proj.weight': [24, 40],
    });
  });

  it('adds biases and head norms exactly where the spec has them', () => {
    const added = (spec: Partial<ModelSpec>): string[] =>
      names({ L: 1, ...spec })
        .filter((name) => !names({ L: 1 }).includes(name))
        .map((name) => name.replace('model.layers.0.', ''));
    expect(added({ qkvBias: true })).toEqual([
      'self_attn.q_proj.bias',
      'self_attn.k_proj.bias',
      'self_attn.v_proj.bias',
    ]);
    expect(added({ oBias: true })).toEqual(['self_attn.o_proj.bias']);
    expect(added({ mlpBias: true })).toEqual([
      'mlp.gate_proj.bias',
      'mlp.up_proj.bias',
      'mlp.down_proj.bias',
    ]);
    expect(added({ qkNorm: 'head' })).toEqual(['self_attn.q_norm.weight', 'self_attn.k_norm.weight']);
  });

  it('asks for fused matrices where the family has them', () => {
    const fused = expectedTensors({ ...SPEC, fused: true }).filter(({ name }) => name.includes('layers.0.'));
    const shapes = Object.fromEntries(fused.map(({ name, shape }) => [name.split('.').at(-2)!, shape]));
    expect(shapes).toEqual({
      ...{ input_layernorm: [24], post_attention_layernorm: [24] },
      ...{ qkv_proj: [64, 24], o_proj: [24, 32], gate_up_proj: [80, 24], down_proj: [24, 40] },
    });
  });

  it('asks for lm_head only when it is not tied', () => {
    expect(names({})).toContain('lm_head.weight');
    expect(names({ tied: true })).not.toContain('lm_head.weight');
  });

  it.each([FIRST_FOLDER, DEMO_FOLDER])('lists exactly the tensors of %s', async (folder) => {
    const spec = readConfig(JSON.parse(readFileSync(`${folder}config.json`, 'utf8')));
    const bytes = new Uint8Array(readFileSync(`${folder}model.safetensors`));
    const { tensors } = await openSafetensors(memorySource('model.safetensors', bytes));
    expect([...checkTensors(spec, tensors).keys()].sort()).toEqual([...tensors.keys()].sort());
  });
});

describe('checkTensors', () => {
  it('finds every tensor under its expected name', () => {
    const available = checkpoint(SPEC);
    expect(checkTensors(SPEC, available)).toEqual(available);
  });

  it('finds them when the bare model was saved, without the prefix', () => {
    const found = checkTensors(
      SPEC,
      checkpoint(SPEC, (name) => name.replace('model.', '')),
    );
    expect([...found.keys()]).toEqual(names({}));
  });

  it('ignores the lm_head of a tied model and tensors nobody asked for', () => {
    const tied = { ...SPEC, tied: true };
    const available = checkpoint(SPEC).set('model.layers.0.self_attn.rotary_emb.inv_freq', {
      dtype: 'F32',
      shape: [4],
    });
    expect([...checkTensors(tied, available).keys()]).toEqual(names({ tied: true }));
  });

  it('names the first missing tensor and counts the others', () => {
    const available = checkpoint(SPEC);
    available.delete('model.layers.1.mlp.up_proj.weight');
    const refusal = (words: RegExp) =>
      expect.objectContaining({ code: 'tensor-missing', message: expect.stringMatching(words) });
    expect(() => checkTensors(SPEC, available)).toThrow(refusal(/layers\.1\.mlp\.up_proj\.weight\. /));
    available.delete('lm_head.weight');
    expect(() => checkTensors(SPEC, available)).toThrow(refusal(/and 1 more of the 21/));
    available.delete('model.norm.weight');
    expect(() => checkTensors(SPEC, available)).toThrow(
      refusal(/layers\.1\.mlp\.up_proj\.weight and 2 more of the 21/),
    );
    expect(() => checkTensors(SPEC, new Map())).toThrow(refusal(/model\.embed_tokens\.weight and 20 more/));
  });

  it.each(['U32', 'I8', 'F64', 'F8_E4M3'])(
    'refuses %s, naming the tensor, before it looks at the shape',
    (dtype) => {
      const available = checkpoint(SPEC).set('model.norm.weight', { dtype, shape: [3] });
      expect(() => checkTensors(SPEC, available)).toThrow(
        expect.objectContaining({
          code: 'dtype-unsupported',
          message: expect.stringMatching(`model.norm.weight is stored as ${dtype}`),
        }),
      );
    },
  );

  it.each([[[32, 25]], [[24, 32]], [[32]], [[32, 24, 1]], [[]]])(
    'refuses the shape %j, saying what is needed',
    (shape) => {
      const name = 'model.layers.0.self_attn.q_proj.weight';
      const error = {
        code: 'tensor-shape',
        message: expect.stringContaining(`${name} has the shape [${shape.join(', ')}]`),
      };
      const act = (): unknown => checkTensors(SPEC, checkpoint(SPEC).set(name, { dtype: 'F16', shape }));
      expect(act).toThrow(expect.objectContaining(error));
      expect(act).toThrow(/\[32, 24\]/);
    },
  );
});
