import type { SamplingOptions } from '../../protocol';
import { isObject, shown } from '../json';
import type { TokenId } from '../shapes';
import { GREEDY } from '../kernels/sampling';
import { Fields, configInvalid } from './fields';

export interface GenerationDefaults {
  /** Tokens that end an answer; empty when neither file names one. */
  readonly eosIds: readonly TokenId[];
  readonly sampling: SamplingOptions;
  /** Undefined when the checkpoint does not say. */
  readonly maxNewTokens: number | undefined;
}

/**
 * How the checkpoint wants to be sampled: generation_config.json (undefined when the folder has none), with the end
 * tokens of config.json where that file names none. Fields left out are transformers' defaults: temperature 1, top_k 50,
 * top_p 1. Throws `config-invalid`.
 */
export function readGenerationConfig(generation: unknown, config: unknown): GenerationDefaults {
  const fields = fieldsOf(generation ?? {}, 'generation_config.json');
  const own = fields.ids('eos_token_id');
  const eosIds = own.length > 0 ? own : fieldsOf(config, 'config.json').ids('eos_token_id');

  // Sampling is off by default, and so are all filters when it is off; a penalty works on greedy choices too.
  const repetitionPenalty = fields.positive('repetition_penalty', 1);
  const sampling = fields.flag('do_sample', false)
    ? {
        temperature: fields.between('temperature', 0, Number.MAX_VALUE, 1),
        topK: fields.whole('top_k', 50),
        topP: fields.between('top_p', 0, 1, 1),
        minP: fields.between('min_p', 0, 1, 0),
        repetitionPenalty,
        seed: 0,
      }
    : { ...GREEDY, repetitionPenalty };
  const maxNewTokens = fields.has('max_new_tokens') ? fields.count('max_new_tokens') : undefined;
  return { eosIds: eosIds as readonly TokenId[], sampling, maxNewTokens };
}

function fieldsOf(json: unknown, file: string): Fields {
  if (!isObject(json)) throw configInvalid(file, `holds ${shown(json)}`, 'a JSON object is needed');
  return new Fields(json, file);
}
