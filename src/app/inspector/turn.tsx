import { formatCount, formatSpeed } from '../format';
import { FigureRow, useLastFigures } from './figures';

const PARTS = [
  { key: 'prefillTokensPerSecond', label: 'Reading speed', format: formatSpeed, testId: 'prefill-tps' },
  { key: 'promptTokens', label: 'Prompt tokens', format: formatCount, testId: 'prompt-tokens' },
  { key: 'reusedTokens', label: 'Reused from the cache', format: formatCount, testId: 'reused-tokens' },
  { key: 'newTokens', label: 'New tokens', format: formatCount, testId: 'new-tokens' },
] as const;

export function Turn() {
  const figures = useLastFigures();
  return (
    <section className="panel">
      <h2>This turn</h2>
      <dl className="figure-rows">
        {PARTS.map(({ key, label, format, testId }) => (
          <FigureRow
            key={key}
            label={label}
            text={format(figures[key])}
            value={figures[key]}
            testId={testId}
          />
        ))}
      </dl>
    </section>
  );
}
