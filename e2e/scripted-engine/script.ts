/** What a scripted engine is told before it starts. */
export interface Script {
  /** What it answers, turn by turn, and then from the first on again. */
  readonly answers: readonly string[];
  /** A token is four characters. */
  readonly tokensPerSecond: number;
  readonly modelName?: string;
}
