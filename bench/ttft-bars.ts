/** What bench/ttft.ts has to show, checked on what it measured. */

/** One prompt length: full cache against FastKV. Times are medians in milliseconds, sizes are bytes. */
export interface LengthResult {
  readonly tokens: number;
  readonly rounds: number;
  readonly full: SideResult & { readonly reReadMs: number };
  readonly fastkv: SideResult & {
    readonly followUpMs: number;
    readonly followUpTokens: number;
    /** Scoring and selecting, of reading the prompt. */
    readonly selectShare: number;
  };
}

export interface SideResult {
  readonly ttftMs: number;
  readonly decodeTokensPerSecond: number;
  /** When the first token was there. */
  readonly hotBytes: number;
  readonly trunkBytes: number;
  readonly scratchPeakBytes: number;
  readonly fullBytes: number;
  /** All that the session ever held, weights included. */
  readonly peakBytes: number;
}

export interface Bar {
  readonly name: string;
  readonly measured: number | readonly number[];
  readonly needed: string;
  readonly passed: boolean;
}

/** Where ratios are held to a number; shorter prompts have less to win. */
const BAR_LENGTH = 4096;

export const ttftRatio = ({ full, fastkv }: LengthResult): number => full.ttftMs / fastkv.ttftMs;
export const hotShare = ({ fastkv }: LengthResult): number => fastkv.hotBytes / fastkv.fullBytes;
export const followUpRatio = ({ fastkv }: LengthResult): number => fastkv.ttftMs / fastkv.followUpMs;
export const reReadRatio = ({ full, fastkv }: LengthResult): number => full.reReadMs / fastkv.followUpMs;

/** `results` by ascending length. Bars for a length that was not measured are left out. */
export function checkBars(results: readonly LengthResult[], retain: number): readonly Bar[] {
  const bars: Bar[] = [];
  const atLeast = (name: string, measured: number, least: number) =>
    bars.push({ name, measured, needed: `at least ${least}`, passed: measured >= least });
  const long = results.find(({ tokens }) => tokens === BAR_LENGTH);
  if (long) atLeast(`TTFT full / fastkv at ${BAR_LENGTH}`, ttftRatio(long), 1.7);
  if (results.length > 1) {
    const ratios = results.map(ttftRatio);
    const rising = ratios.every((ratio, i) => i === 0 || ratio > ratios[i - 1]!);
    bars.push({ name: 'TTFT full / fastkv by length', measured: ratios, needed: 'rising', passed: rising });
  }
  if (retain === 0.1) {
    const most = Math.max(...results.map(hotShare));
    bars.push({
      ...{ name: 'hot cache / full cache', measured: most, needed: 'at most 0.11', passed: most <= 0.11 },
    });
  }
  if (!long) return bars;
  atLeast(`first turn / follow-up at ${BAR_LENGTH}`, followUpRatio(long), 3.5);
  atLeast(`full re-read / follow-up at ${BAR_LENGTH}`, reReadRatio(long), 6);
  const { selectShare: share } = long.fastkv;
  bars.push({
    ...{ name: `scoring and selecting of prefill at ${BAR_LENGTH}`, measured: share },
    ...{ needed: 'below 0.03', passed: share < 0.03 },
  });
  return bars;
}
