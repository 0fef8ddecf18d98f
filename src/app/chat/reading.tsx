import { formatPercent, formatSpeed, formatTimeLeft, formatTokens } from '../format';
import { isMostlyReused, shareRead, type AssistantMessage } from '../store/conversation';

/** In place of an answer while the prompt is being read. */
export function Reading({ message }: { readonly message: AssistantMessage }) {
  const { answer, figures } = message;
  const progress = answer.state === 'reading' ? answer.progress : undefined;
  const share = shareRead(message);
  const mostlyReused = isMostlyReused(figures);
  return (
    <div className="reading" data-testid="reading-progress" data-value={share ?? ''}>
      <p className="reading-line">
        {share === undefined || progress === undefined ? (
          'Reading…'
        ) : (
          <>
            Reading <span className="reading-share">{formatPercent(share)}</span>
            {mostlyReused && ` of ${formatTokens(progress.totalTokens).replace('token', 'new token')}`}
            {progress.tokensPerSecond > 0 && !mostlyReused && ` · ${formatSpeed(progress.tokensPerSecond)}`}
            {progress.tokensPerSecond > 0 && ` · ${formatTimeLeft(progress.secondsLeft)} left`}
          </>
        )}
      </p>
      <progress aria-label="Reading the prompt" max={1} {...(share !== undefined && { value: share })} />
    </div>
  );
}
