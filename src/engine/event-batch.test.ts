import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineEvent, MemoryReport } from '../protocol';
import { EventBatch } from './event-batch';

const FRAME_MS = 16;

const text = (piece: string, newTokens: number): EngineEvent => ({
  type: 'text',
  text: piece,
  newTokens,
  decodeTokensPerSecond: newTokens,
});
const reading = (doneTokens: number): EngineEvent => ({
  type: 'reading',
  doneTokens,
  totalTokens: 100,
  reusedTokens: 0,
  tokensPerSecond: 1,
  secondsLeft: 1,
});
const memory = (hotBytes: number): EngineEvent => ({
  type: 'memory',
  memory: { kv: { hotBytes } } as MemoryReport,
});
const firstToken: EngineEvent = {
  type: 'first-token',
  ttft: { totalMs: 3, tokenizeMs: 1, lowerMs: 1, selectMs: 0, upperMs: 0, firstTokenMs: 1 },
};

let sent: (readonly EngineEvent[])[];
let batch: EventBatch;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  batch = new EventBatch((events) => sent.push(events));
});
afterEach(() => vi.useRealTimers());

describe('EventBatch', () => {
  it('sends at most one message a frame, the first within one', () => {
    for (let ms = 0; ms < 10 * FRAME_MS; ms++) {
      batch.add(text('x', ms));
      vi.advanceTimersByTime(1);
    }
    expect(sent).toHaveLength(10);
  });

  it('sends nothing while nothing happens', () => {
    batch.flush();
    batch.add(reading(1));
    vi.advanceTimersByTime(100 * FRAME_MS);
    expect(sent).toEqual([[reading(1)]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('joins the texts of a frame, with the figures of the last', () => {
    ['The', ' answer', ''].forEach((piece, i) => batch.add(text(piece, i + 1)));
    vi.advanceTimersByTime(FRAME_MS);
    expect(sent).toEqual([[text('The answer', 3)]]);
  });

  it('loses no text and repeats none between frames', () => {
    const pieces = 'a text that takes many frames to be written'.split(/(?= )/);
    pieces.forEach((piece, i) => {
      batch.add(text(piece, i));
      vi.advanceTimersByTime(5);
    });
    batch.flush();
    const joined = sent.flat().map((event) => (event.type === 'text' ? event.text : '?'));
    expect(joined.join('')).toBe(pieces.join(''));
    expect(joined.length).toBeLessThan(pieces.length);
  });

  it('keeps the last of several readings and memory reports', () => {
    [1, 2, 3].forEach((n) => [reading(n), memory(n)].forEach((event) => batch.add(event)));
    vi.advanceTimersByTime(FRAME_MS);
    expect(sent).toEqual([[reading(3), memory(3)]]);
  });

  it('keeps the order in which kinds of events first came', () => {
    [reading(1), memory(1), firstToken, text('a', 1), memory(2), text('b', 2)].forEach((e) => batch.add(e));
    vi.advanceTimersByTime(FRAME_MS);
    expect(sent).toEqual([[reading(1), memory(2), firstToken, text('ab', 2)]]);
  });

  it('sends at once what waits when flushed, and does not send it again', () => {
    batch.add(text('end', 1));
    vi.advanceTimersByTime(10);
    batch.flush();
    expect(sent).toEqual([[text('end', 1)]]);
    // A frame begins anew: what comes next waits for its own.
    batch.add(memory(1));
    vi.advanceTimersByTime(FRAME_MS - 1);
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sent.slice(1)).toEqual([[memory(1)]]);
  });
});
