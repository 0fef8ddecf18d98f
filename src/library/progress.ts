/** How fast bytes move and how long the rest takes. */
import type { OnProgress, TransferProgress } from '../library-protocol';
import type { FileRecord } from './manifest';
import { storedOf, totalOf } from './manifest';

/** Ten a second are smooth to the eye, and nothing to the page. */
const BETWEEN_REPORTS_MS = 100;
/** Of the speed: half of what was known is forgotten in this time. */
const HALF_LIFE_MS = 3000;

/** Bytes a second, smoothed: a moving average whose weights fall off with time, whatever the rhythm of the bytes. */
export class Speed {
  #bytes = 0;
  #ms = 0;
  #pending = 0;

  add(bytes: number): void {
    this.#pending += bytes;
  }

  /** `ms` have passed since the last tick. */
  tick(ms: number): void {
    const keep = 0.5 ** (ms / HALF_LIFE_MS);
    this.#bytes = this.#bytes * keep + this.#pending;
    this.#ms = this.#ms * keep + ms;
    this.#pending = 0;
  }

  get bytesPerSecond(): number {
    return this.#ms === 0 ? 0 : (1000 * this.#bytes) / this.#ms;
  }
}

/** Tells a transfer's progress at most ten times a second, and each change of step at once. */
export class ProgressReport {
  #speed = new Speed();
  #step: TransferProgress['step'] = 'listing';
  #files: readonly FileRecord[] = [];
  /** Bytes verified, while verifying; what is stored says the rest. */
  #verified: number | undefined;
  #last: number;

  constructor(
    private readonly onProgress: OnProgress,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#last = now();
  }

  /** `files` change as bytes come in, and are read at each report. */
  begin(step: TransferProgress['step'], files: readonly FileRecord[] = this.#files): void {
    this.#step = step;
    this.#files = files;
    this.#verified = step === 'verifying' ? 0 : undefined;
    this.#speed = new Speed(); // a disk's says nothing of a network's
    this.#report();
  }

  moved(bytes: number): void {
    this.#speed.add(bytes);
    if (this.#verified !== undefined) this.#verified += bytes;
    if (this.now() - this.#last >= BETWEEN_REPORTS_MS) this.#report();
  }

  #report(): void {
    const now = this.now();
    this.#speed.tick(now - this.#last);
    this.#last = now;
    const totalBytes = totalOf(this.#files);
    const doneBytes = this.#verified ?? storedOf(this.#files);
    const { bytesPerSecond } = this.#speed;
    this.onProgress({
      step: this.#step,
      files: this.#files.map(({ path, size, storedBytes }) => ({ path, size, storedBytes })),
      doneBytes,
      totalBytes,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? (totalBytes - doneBytes) / bytesPerSecond : Infinity,
    });
  }
}
