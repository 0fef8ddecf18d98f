import { formatCount, formatSpeed } from '../format';
import { isMostlyReused, type TurnFigures } from '../store/conversation';
import { FigureRow, useLastFigures } from './figures';

interface Part {
  readonly label: string;
  readonly value: (figures: TurnFigures) => number | undefined;
  readonly format?: (value: number | undefined) => string;
  readonly testId: string;
}

const PARTS: readonly Part[] = [
  { label: 'Prompt tokens', value: ({ promptTokens }) => promptTokens, testId: 'prompt-tokens' },
  { label: 'Reused from the cache', value: ({ reusedTokens }) => reusedTokens, testId: 'reused-tokens' },
  { label: 'New tokens read', value: newlyRead, testId: 'read-tokens' },
  { label: 'Reading speed, new tokens', value: readingSpeed, format: formatSpeed, testId: 'prefill-tps' },
  { label: 'Answer tokens', value: ({ newTokens }) => newTokens, testId: 'new-tokens' },
];

/** Of a turn that was stopped while reading it is not known in whole tokens: each is through some layers. */
export function newlyRead(figures: TurnFigures): number | undefined {
  const { promptTokens, reusedTokens = 0, stoppedAt } = figures;
  return promptTokens === undefined || stoppedAt !== undefined ? undefined : promptTokens - reusedTokens;
}

/** Left out where few tokens are new: what it takes to run the selected ones once more is not their reading. */
export function readingSpeed(figures: TurnFigures): number | undefined {
  return isMostlyReused(figures) ? undefined : figures.prefillTokensPerSecond;
}

export function Turn() {
  const figures = useLastFigures();
  return (
    <section className="panel">
      <h2>This turn</h2>
      <dl className="figure-rows">
        {PARTS.map(({ label, value, format = formatCount, testId }) => (
          <FigureRow
            key={testId}
            label={label}
            text={format(value(figures))}
            value={value(figures)}
            testId={testId}
          />
        ))}
      </dl>
    </section>
  );
}
