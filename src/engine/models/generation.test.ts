import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIRST_FOLDER } from './fixtures.test-support';
import { readGenerationConfig } from './generation';

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('readGenerationConfig', () => {
  const greedy = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0 };

  it('reads the first checkpoint', () => {
    expect(
      readGenerationConfig(read(`${FIRST_FOLDER}generation_config.json`), read(`${FIRST_FOLDER}config.json`)),
    ).toEqual({
      eosIds: [2],
      sampling: greedy,
      maxNewTokens: 64,
    });
  });

  it('is greedy without the file, and ends where config.json says', () => {
    expect(readGenerationConfig(undefined, { eos_token_id: [7, 8] })).toEqual({
      eosIds: [7, 8],
      sampling: greedy,
      maxNewTokens: undefined,
    });
    expect(readGenerationConfig({ eos_token_id: null }, { eos_token_id: 7 }).eosIds).toEqual([7]);
    expect(readGenerationConfig({ eos_token_id: [1, 2] }, { eos_token_id: 7 }).eosIds).toEqual([1, 2]);
    expect(readGenerationConfig({}, {}).eosIds).toEqual([]);
  });

  it('ignores the filters unless do_sample is on, but never the penalty', () => {
    const fields = { temperature: 0.6, top_k: 20, top_p: 0.95, min_p: 0.1, repetition_penalty: 1.1 };
    expect(readGenerationConfig(fields, {}).sampling).toEqual({ ...greedy, repetitionPenalty: 1.1 });
    expect(readGenerationConfig({ ...fields, do_sample: true }, {}).sampling).toEqual({
      temperature: 0.6,
      topK: 20,
      topP: 0.95,
      minP: 0.1,
      repetitionPenalty: 1.1,
      seed: 0,
    });
  });

  it('samples with the defaults of transformers where the file leaves them open', () => {
    expect(readGenerationConfig({ do_sample: true, top_p: null }, {}).sampling).toEqual({
      ...greedy,
      temperature: 1,
      topK: 50,
    });
  });

  it.each([
    ['eos_token_id', '2'],
    ['eos_token_id', [2, -1]],
    ['do_sample', 'yes'],
    ['temperature', -1],
    ['temperature', '0.7'],
    ['top_k', 1.5],
    ['top_p', 1.2],
    ['min_p', -0.1],
    ['repetition_penalty', 0],
    ['max_new_tokens', 0],
  ])('refuses %s %j, naming file and field', (name, value) => {
    const error = expect.objectContaining({
      code: 'config-invalid',
      message: expect.stringMatching(new RegExp(`generation_config\\.json has ${name}`)),
    });
    expect(() => readGenerationConfig({ do_sample: true, [name]: value }, {})).toThrow(error);
  });

  it('refuses files that are no objects', () => {
    expect(() => readGenerationConfig([], {})).toThrow(/generation_config\.json/);
    expect(() => readGenerationConfig(undefined, 'x')).toThrow(/config\.json/);
  });
});
