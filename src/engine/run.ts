/** What a turn takes and gives: shared by the session, the decode loop and those who call them. */
import type { Profile, SamplingOptions, StorageDtype, TurnResult } from '../protocol';
import type { TokenId } from './shapes';

export interface SessionOptions {
  readonly dtype: StorageDtype;
  readonly profile: Profile;
  /** Most rows of a prefill tile, a power of two; tests make it small. */
  readonly mostRows?: number;
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
  onReading?(share: number, tokens: { readonly total: number; readonly reused: number }): void;
  /** Just before the first `onToken`; both from the call. */
  onFirstToken?(prefillMs: number, ttftMs: number): void;
  onToken?(id: TokenId, index: number): void;
  /** Logits before penalties of the row each token was drawn from. [V] Slow: waits for every row. */
  onLogits?(row: Float32Array<ArrayBuffer>): void;
}

export interface RunResult {
  /** The answer; the token that ended it is its last one, as in transformers. */
  readonly tokens: readonly TokenId[];
  readonly stopReason: TurnResult['stopReason'];
  readonly reusedTokens: number;
  /** Until the device was through with the prompt. */
  readonly prefillMs: number;
  /** From the call to the first token in JavaScript. Undefined when stopped before it. */
  readonly ttftMs: number | undefined;
  readonly prefillTokensPerSecond: number;
  /** 0 until two tokens were written. */
  readonly decodeTokensPerSecond: number;
}
