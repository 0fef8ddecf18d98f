import { formatCount, formatSpeed } from '../format';
import { FigureRow, useLastFigures } from './figures';

export function Turn() {
  const { prefillTokensPerSecond, promptTokens, reusedTokens, newTokens } = useLastFigures();
  return (
    <section className="panel">
      <h2>This turn</h2>
      <dl className="figure-rows">
        <FigureRow
          label="Reading speed"
          text={formatSpeed(prefillTokensPerSecond)}
          value={prefillTokensPerSecond}
          testId="prefill-tps"
        />
        <FigureRow
          label="Prompt tokens"
          text={formatCount(promptTokens)}
          value={promptTokens}
          testId="prompt-tokens"
        />
        <FigureRow
          label="Reused from the cache"
          text={formatCount(reusedTokens)}
          value={reusedTokens}
          testId="reused-tokens"
        />
        <FigureRow label="New tokens" text={formatCount(newTokens)} value={newTokens} testId="new-tokens" />
      </dl>
    </section>
  );
}
