import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Fields } from './fields';
import { ropeFor } from './rope';
import { readRope } from './rope-config';

interface RopeCase {
  readonly config: { readonly model_type: string; readonly rope_parameters: { readonly rope_type: string } };
  /** Of the sequence. */
  readonly length: number;
  readonly frequencies: readonly number[];
  readonly factor: number;
}

/** Made by tools/fixtures/rope.py with transformers. */
const path = new URL('./fixtures/rope.json', import.meta.url);
const CASES = JSON.parse(readFileSync(path, 'utf8')) as RopeCase[];

describe('ropeFor', () => {
  it.each(CASES.map((each, i) => [`${each.config.rope_parameters.rope_type} ${i}`, each] as const))(
    'gives the frequencies and the factor of transformers for %s',
    (_, { config, length, frequencies, factor }) => {
      const { hidden_size, num_attention_heads, head_dim } = config as Record<string, unknown>;
      const D = (head_dim ?? Number(hidden_size) / Number(num_attention_heads)) as number;
      const family = config.model_type === 'phi3' ? { partial: true, originalContext: 4096 } : {};
      const fields = new Fields(config, 'config.json');
      const contextLength = fields.count('max_position_embeddings', 32_768);
      const rope = ropeFor(readRope(fields, { contextLength, D, family }), length);
      expect(rope.invFreq).toHaveLength(frequencies.length);
      // Theirs are made in f32, ours in f64.
      rope.invFreq.forEach((f, i) => expect(f / frequencies[i]! - 1).toBeCloseTo(0, 5));
      expect(rope.factor).toBeCloseTo(factor, 9);
    },
  );
});
