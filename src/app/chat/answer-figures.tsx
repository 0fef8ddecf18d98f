import { formatCount, formatDuration, formatSpeed, formatTokens } from '../format';
import type { TurnFigures } from '../store/conversation';

/** What one answer took, in one quiet line. */
export function AnswerFigures({ figures }: { readonly figures: TurnFigures }) {
  const { ttft, promptTokens, reusedTokens, newTokens, earlierTokens = 0, decodeTokensPerSecond } = figures;
  if (ttft === undefined || promptTokens === undefined) return null;
  return (
    <dl className="answer-figures" data-testid="answer-figures">
      <Figure label="First token after" value={ttft.totalMs} text={formatDuration(ttft.totalMs)} />
      <Figure
        label="Prompt"
        value={promptTokens}
        text={`${formatCount(promptTokens)} tokens, ${formatCount(reusedTokens)} reused`}
      />
      {newTokens !== undefined && (
        <Figure
          label="Answer"
          value={newTokens + earlierTokens}
          text={formatTokens(newTokens + earlierTokens)}
        />
      )}
      {decodeTokensPerSecond !== undefined && decodeTokensPerSecond > 0 && (
        <Figure label="Speed" value={decodeTokensPerSecond} text={formatSpeed(decodeTokensPerSecond)} />
      )}
    </dl>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: number;
  readonly text: string;
}

function Figure({ label, value, text }: FigureProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd data-value={value}>{text}</dd>
    </div>
  );
}
