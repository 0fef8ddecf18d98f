/** What a turn takes and gives: shared by the session, the decode loop and those who call them. */
import type { Compression, KvSettings, Profile, SamplingOptions, TurnResult } from '../protocol';
import { EngineError } from './errors';
import type { ModelSpec } from './models/spec';
import type { PartTimes } from './prefill';
import type { TokenId } from './shapes';
import type { WeightForms } from './weights/forms';

export interface SessionOptions extends WeightForms {
  readonly profile: Profile;
  /** Rows of every prefill tile, a power of two, instead of what the device's speed suggests; for tests. */
  readonly tileRows?: number;
  /** Largest binding; tests make it small to see matrices split. */
  readonly maxBindingBytes?: number;
}

export interface RunOptions {
  readonly sampling: SamplingOptions;
  readonly maxNewTokens: number;
  /** Tokens that end the answer. */
  readonly stopIds: ReadonlySet<TokenId>;
  readonly signal: AbortSignal;
  /** Fed instead of the sampled tokens, which are still reported: for measuring agreement. */
  readonly forced?: readonly TokenId[];
  /** Left out: policy full. */
  readonly kv?: KvSettings;
  /** Tokens at the prompt's start that are the chat template's system part. */
  readonly headerTokens?: number;
  onReading?(share: number, tokens: { readonly total: number; readonly reused: number }): void;
  /** Just before the first `onToken`: where the device's time went, and the time since the call. In milliseconds. */
  onFirstToken?(times: Readonly<PartTimes>, ttftMs: number): void;
  onToken?(id: TokenId, index: number): void;
  /** Logits before penalties of the row each token was drawn from. [V] Slow: waits for every row. */
  onLogits?(row: Float32Array<ArrayBuffer>): void;
}

export interface RunResult {
  /** The answer; the token that ended it is its last one, as in transformers. */
  readonly tokens: readonly TokenId[];
  readonly stopReason: TurnResult['stopReason'];
  readonly reusedTokens: number;
  /** The device's time with the prompt: layers 0..T, selecting, layers past T, and all together. */
  readonly lowerMs: number;
  readonly selectMs: number;
  readonly upperMs: number;
  readonly prefillMs: number;
  /** From the call to the first token in JavaScript. Undefined when stopped before it. */
  readonly ttftMs: number | undefined;
  readonly prefillTokensPerSecond: number;
  /** 0 until two tokens were written. */
  readonly decodeTokensPerSecond: number;
  readonly compression: Compression;
}

/** Throws `bad-argument` for settings that no kernel is made for. */
export function checkOptions({ sampling, maxNewTokens }: RunOptions): void {
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = sampling;
  const whole = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  const rules: readonly (readonly [name: string, value: number, good: boolean, needed: string])[] = [
    ['temperature', temperature, temperature >= 0 && temperature < Infinity, '0 or more'],
    ['topK', topK, whole(topK), 'a whole number of 0 or more'],
    ['topP', topP, topP >= 0 && topP <= 1, 'from 0 to 1'],
    ['minP', minP, minP >= 0 && minP <= 1, 'from 0 to 1'],
    [
      'repetitionPenalty',
      repetitionPenalty,
      repetitionPenalty > 0 && repetitionPenalty < Infinity,
      'above 0',
    ],
    ['seed', seed, whole(seed), 'a whole number from 0 to 4294967295'],
    ['maxNewTokens', maxNewTokens, whole(maxNewTokens) && maxNewTokens > 0, 'a whole number of 1 or more'],
  ];
  for (const [name, value, good, needed] of rules) {
    if (!good) throw new EngineError('bad-argument', `${name} is ${value}; it has to be ${needed}.`);
  }
}

/** Throws `bad-argument` or `context-exceeded` for a prompt that the model cannot read and answer. */
export function checkPrompt(
  prompt: readonly TokenId[],
  { V, contextLength }: Pick<ModelSpec, 'V' | 'contextLength'>,
): void {
  if (prompt.length === 0)
    throw new EngineError('bad-argument', 'The prompt is empty. Write something first.');
  const wrong = prompt.find((id) => !(Number.isInteger(id) && id >= 0 && id < V));
  if (wrong !== undefined) {
    throw new EngineError('bad-argument', `Token id ${wrong} is outside the vocabulary of ${V}.`);
  }
  if (prompt.length >= contextLength) {
    throw new EngineError(
      'context-exceeded',
      `The conversation takes ${prompt.length} tokens, and this model reads at most ${contextLength - 1}, to leave ` +
        'room for an answer. Shorten the document, or start a new chat.',
      { promptTokens: prompt.length, contextLength },
    );
  }
}
