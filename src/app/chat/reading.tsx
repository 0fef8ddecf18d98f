import { formatPercent, formatSpeed, formatTimeLeft } from '../format';
import type { ReadingProgress } from '../store/conversation';

/** In place of an answer while the prompt is being read. */
export function Reading({ progress }: { readonly progress: ReadingProgress | undefined }) {
  const known = progress !== undefined && progress.totalTokens > 0;
  const share = known ? progress.doneTokens / progress.totalTokens : undefined;
  return (
    <div className="reading" data-testid="reading-progress" data-value={share ?? ''}>
      <p className="reading-line">
        {share === undefined || progress === undefined ? (
          'Reading…'
        ) : (
          <>
            Reading <span className="reading-share">{formatPercent(share)}</span>
            {progress.tokensPerSecond > 0 && ` · ${formatSpeed(progress.tokensPerSecond)}`}
            {progress.tokensPerSecond > 0 && ` · ${formatTimeLeft(progress.secondsLeft)} left`}
          </>
        )}
      </p>
      <progress aria-label="Reading the prompt" max={1} {...(share !== undefined && { value: share })} />
    </div>
  );
}
