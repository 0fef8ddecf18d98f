import type { EngineEvent } from '../protocol';

/** One message a frame. */
const FRAME_MS = 16;

/**
 * Gathers events and sends them at most once a frame, in order; of several texts, readings or memory reports in a
 * frame the page gets one that holds them all.
 */
export class EventBatch {
  #waiting: EngineEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (events: readonly EngineEvent[]) => void) {}

  add(event: EngineEvent): void {
    const last = this.#waiting.findIndex(({ type }) => type === event.type);
    const before = this.#waiting[last];
    if (event.type === 'text' && before?.type === 'text') {
      this.#waiting[last] = { ...event, text: before.text + event.text };
    } else if (before) {
      this.#waiting[last] = event;
    } else {
      this.#waiting.push(event);
    }
    this.#timer ??= setTimeout(() => this.flush(), FRAME_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const events = this.#waiting;
    this.#waiting = [];
    this.send(events);
  }
}
