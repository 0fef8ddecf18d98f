import { awaitedLater } from '../errors';

/** Most submissions that wait on the device at once: one runs while the next is encoded. */
const IN_FLIGHT = 2;
/** Longest that a submission should take. Operating systems reset a device after 2 s. */
const TARGET_MS = 50;

/** First guess of multiply-adds a millisecond; a CPU's and a small GPU's. */
export const FIRST_RATE = { software: 5e5, portable: 1e8, fast: 1e8 } as const;

/** Takes the milliseconds that the device spent on it. */
type OnDone = (elapsedMs: number) => void;

interface Submitted {
  readonly work: number;
  readonly done: Promise<void>;
  readonly onDone: OnDone;
  readonly isTypical: boolean;
}

/**
 * Submits bounded work: measures the device's rate and says how much fits a submission, and holds back while enough
 * is queued. Work is counted in multiply-adds.
 */
export class Pacer {
  readonly #queue: Submitted[] = [];
  /** Multiply-adds a millisecond; the first guess is low, since too short a submission costs little. */
  #rate: number;
  #lastDone = 0;

  constructor(
    private readonly device: GPUDevice,
    firstRate: number,
  ) {
    this.#rate = firstRate;
  }

  /** Multiply-adds that one submission may hold. */
  get budget(): number {
    return this.#rate * TARGET_MS;
  }

  /**
   * Resolves when another submission may be made; `onDone` is called when the device is through with this one. Of work
   * that is not typical, as selecting, nothing is learnt for the next tile.
   */
  async submit(commands: GPUCommandBuffer, work: number, onDone: OnDone, isTypical = true): Promise<void> {
    const { queue } = this.device;
    if (this.#queue.length === 0) this.#lastDone = performance.now();
    queue.submit([commands]);
    this.#queue.push({ work, done: awaitedLater(queue.onSubmittedWorkDone()), onDone, isTypical });
    while (this.#queue.length >= IN_FLIGHT) await this.#oldest();
  }

  /** Resolves when the device has nothing left of what was submitted here. */
  async idle(): Promise<void> {
    while (this.#queue.length > 0) await this.#oldest();
  }

  async #oldest(): Promise<void> {
    const { work, done, onDone, isTypical } = this.#queue.shift()!;
    await done;
    const elapsed = Math.max(0.1, performance.now() - this.#lastDone);
    this.#lastDone = performance.now();
    // Half old, half new: one slow tile (a compile, another tab) does not shrink all that follow.
    if (isTypical) this.#rate = 0.5 * this.#rate + (0.5 * work) / elapsed;
    onDone(elapsed);
  }
}
