/** One turn: what is shown while it runs, and what stays of it. */
import type { EngineEvent, MemoryReport, TurnResult } from '../../protocol';
import { shareRead, thoughtEnded, type AssistantMessage, type TurnFigures } from './conversation';
import { splitReasoning } from './reasoning';

export interface TurnView {
  readonly answer: AssistantMessage;
  /** The answer as it stood before, where the turn goes on with one. */
  readonly continued: AssistantMessage | undefined;
  readonly memory: MemoryReport | undefined;
}

/** What a batch of events makes of the view; one batch is one change, so one frame draws once. */
export function applyEvents(
  view: TurnView,
  events: readonly EngineEvent[],
  now = performance.now(),
): TurnView {
  const after = events.reduce(applyEvent, view);
  return { ...after, answer: timed(after.answer, now) };
}

/** With the time that it has been thinking aloud, from the first of the thought to its end. */
function timed(answer: AssistantMessage, now: number): AssistantMessage {
  const { figures } = answer;
  const { thinkingSince } = figures;
  const isThinking = answer.answer.state === 'writing' && splitReasoning(answer.text).isOpen;
  if (isThinking === (thinkingSince !== undefined)) return answer;
  if (thinkingSince === undefined) return { ...answer, figures: { ...figures, thinkingSince: now } };
  return { ...answer, figures: thoughtEnded(figures, now) };
}

function applyEvent(view: TurnView, event: EngineEvent): TurnView {
  const { answer } = view;
  switch (event.type) {
    case 'reading': {
      const { doneTokens, totalTokens, tokensPerSecond, secondsLeft } = event;
      const progress = { doneTokens, totalTokens, tokensPerSecond, secondsLeft };
      return {
        ...view,
        answer: {
          ...answer,
          answer: { state: 'reading', progress },
          figures: {
            ...answer.figures,
            promptTokens: totalTokens + event.reusedTokens,
            reusedTokens: event.reusedTokens,
            prefillTokensPerSecond: tokensPerSecond,
          },
        },
      };
    }
    case 'first-token':
      return { ...view, answer: writing(answer, { ttft: event.ttft }) };
    case 'text':
      // What ends a stopped turn: without a token nothing is being written yet.
      if (event.newTokens === 0) return view;
      return {
        ...view,
        answer: {
          ...writing(answer, {
            newTokens: event.newTokens,
            decodeTokensPerSecond: event.decodeTokensPerSecond,
          }),
          text: answer.text + event.text,
        },
      };
    case 'memory':
      return { ...view, memory: event.memory };
    default:
      return event satisfies never;
  }
}

function writing(answer: AssistantMessage, figures: TurnFigures): AssistantMessage {
  return { ...answer, answer: { state: 'writing' }, figures: { ...answer.figures, ...figures } };
}

/** The result is the last word: events travel on another channel and some may still be on their way. */
export function applyResult(view: TurnView, result: TurnResult, now = performance.now()): TurnView {
  const { text, stopReason, memory } = result;
  const { continued } = view;
  const { kv, documentTokens, earlierTokens, thinkingSince, thoughtMs } = view.answer.figures;
  const common: TurnFigures = {
    ...(kv !== undefined && { kv }),
    ...(documentTokens !== undefined && { documentTokens }),
    ...(earlierTokens !== undefined && { earlierTokens }),
    ...(thinkingSince !== undefined && { thinkingSince }),
    ...(thoughtMs !== undefined && { thoughtMs }),
    promptTokens: result.promptTokens,
    reusedTokens: result.reusedTokens,
  };
  const figures: TurnFigures =
    result.ttft === undefined
      ? // Stopped before anything was selected or written: what would be nought is not known.
        (continued?.figures ?? { ...common, stoppedAt: shareRead(view.answer) })
      : {
          ...common,
          compression: result.compression,
          ttft: result.ttft,
          newTokens: result.newTokens,
          prefillTokensPerSecond: result.prefillTokensPerSecond,
          decodeTokensPerSecond: result.decodeTokensPerSecond,
        };
  const whole = (continued?.text ?? '') + text;
  const answer = { ...view.answer, text: whole, answer: { state: 'done', stopReason }, figures } as const;
  return { answer: timed(answer, now), continued, memory };
}
