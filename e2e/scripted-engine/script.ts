/** What a scripted engine is told before it starts. */
export interface Script {
  /** What it answers, turn by turn; from then on always the last. */
  readonly answers: readonly string[];
  /** A token is four characters. */
  readonly tokensPerSecond: number;
  /** So many turns come at once before that. */
  readonly atOnce?: number;
  /** So many characters of each further answer come at once. */
  readonly headStart?: number;
  /** Of its model, in tokens. */
  readonly contextLength?: number;
}

/** Of one unit of its plans, which count a few thousand, so that a budget of tens of MiB has something to measure. */
export const UNIT_BYTES = 2 ** 14;
