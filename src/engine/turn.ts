import type { SendRequest, TimeToFirstToken, TurnResult } from '../protocol';
import type { EventBatch } from './event-batch';
import type { LoadedModel } from './load-model';
import type { PartTimes } from './prefill';
import { headerTokens } from './tokenizer/header';
import { openThought, type Tokenizer } from './tokenizer/tokenizer';

/** Tokens in which `<think>` and a line's end are spelt where the vocabulary has neither. */
const OPENING = 12;

/** A model with everything a conversation needs. */
export type ChatModel = LoadedModel & { readonly tokenizer: Tokenizer };

/** One turn: template, prefill, decode, with what the page sees of it. */
export class Turn {
  readonly #started = performance.now();
  #text = '';
  #firstTokenAt = 0;
  #newTokens = 0;
  #tokenizeMs = 0;
  #ttft: TimeToFirstToken | undefined;

  constructor(
    private readonly model: ChatModel,
    private readonly request: SendRequest,
    private readonly batch: EventBatch,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<TurnResult> {
    const { tokenizer, session, info, stopIds } = this.model;
    const { messages, thinking } = this.request;
    const continues = messages.at(-1)?.role === 'assistant';
    const prompt = tokenizer.chat(messages, {
      addGenerationPrompt: true,
      continueFinalMessage: true,
      thinking,
    });
    const kv = { ...info.kv, ...this.request.kv };
    const header = kv.protectHeader ? headerTokens(tokenizer, messages, thinking) : 0;
    this.#tokenizeMs = performance.now() - this.#started;
    // An answer whose thought begins in the prompt shows it all the same: the page tells thought and answer apart by its marks.
    let opened = continues ? '' : openThought(tokenizer.decode(prompt.slice(-OPENING), { special: true }));
    const decoder = tokenizer.streamDecoder(continues ? prompt : []);
    const result = await session.run(prompt, {
      sampling: { ...info.sampling, ...this.request.sampling },
      maxNewTokens: this.request.maxNewTokens ?? info.maxNewTokens,
      stopIds,
      signal: this.signal,
      kv,
      headerTokens: header,
      onReading: (share, tokens) => this.#onReading(share, tokens),
      onFirstToken: (times, ttftMs) => {
        this.#firstTokenAt = performance.now();
        this.#ttft = this.#split(times, ttftMs);
        this.batch.add({ type: 'first-token', ttft: this.#ttft });
      },
      onToken: (id) => {
        this.#newTokens++;
        this.#write(opened + decoder.push(id));
        opened = '';
      },
    });
    // Stopped while reading, it has nothing to say.
    if (this.#newTokens > 0) this.#write(decoder.end());
    const memory = session.memory();
    return {
      text: this.#text,
      promptTokens: prompt.length,
      reusedTokens: result.reusedTokens,
      newTokens: result.tokens.length,
      stopReason: result.stopReason,
      ttft: this.#ttft,
      prefillTokensPerSecond: result.prefillTokensPerSecond,
      decodeTokensPerSecond: result.decodeTokensPerSecond,
      compression: result.compression,
      memory,
    };
  }

  #onReading(share: number, { total, reused }: { total: number; reused: number }): void {
    const seconds = (performance.now() - this.#started - this.#tokenizeMs) / 1000;
    const doneTokens = share * total;
    const tokensPerSecond = doneTokens / Math.max(seconds, 1e-3);
    const secondsLeft = (total - doneTokens) / Math.max(tokensPerSecond, 1e-3);
    this.batch.add({
      type: 'reading',
      doneTokens,
      totalTokens: total,
      reusedTokens: reused,
      tokensPerSecond,
      secondsLeft,
    });
    this.batch.add({ type: 'memory', memory: this.model.session.memory() });
  }

  #write(text: string): void {
    this.#text += text;
    const seconds = (performance.now() - this.#firstTokenAt) / 1000;
    const decodeTokensPerSecond = this.#newTokens > 1 ? (this.#newTokens - 1) / seconds : 0;
    this.batch.add({ type: 'text', text, newTokens: this.#newTokens, decodeTokensPerSecond });
    this.batch.add({ type: 'memory', memory: this.model.session.memory() });
  }

  /** Time that is nobody else's is the first token's: sampling, reading it back, and making what reading needs. */
  #split({ lower, select, upper }: PartTimes, ttftMs: number): TimeToFirstToken {
    const tokenizeMs = this.#tokenizeMs;
    const firstTokenMs = Math.max(0, ttftMs - lower - select - upper);
    return {
      totalMs: tokenizeMs + lower + select + upper + firstTokenMs,
      ...{ tokenizeMs, lowerMs: lower, selectMs: select, upperMs: upper, firstTokenMs },
    };
  }
}
