import { formatCount, formatTokens } from '../format';
import { exceedsContext, isNearlyFull, totalOf, type ContextUse } from '../store/context-use';
import { useLoadedModel, useNextTurn } from '../stores';
import './context-gauge.css';

const NAMES: Readonly<Record<keyof ContextUse, string>> = {
  documents: 'documents',
  conversation: 'chat',
  draft: 'draft',
};

const NOTHING: ContextUse = { documents: 0, conversation: 0, draft: 0 };

/** How much of the model's context the next question would fill. */
export function ContextGauge() {
  const model = useLoadedModel();
  const use = useNextTurn((state) => state.use) ?? NOTHING;
  if (model === undefined) return null;
  const { contextLength } = model;
  const tokens = totalOf(use);
  const nearly = isNearlyFull(tokens, model) ? 'near' : 'room';
  const parts = (['documents', 'conversation', 'draft'] as const).filter((part) => use[part] > 0);
  const inWords = parts.map((part) => `${NAMES[part]} ${formatCount(use[part])}`).join(', ');
  const sum = `${formatCount(tokens)} of ${formatTokens(contextLength)}`;
  const whole = `Context: about ${sum}${inWords && ` (${inWords})`}`;
  return (
    <div
      className="context-gauge"
      role="meter"
      aria-label="Context"
      aria-valuemin={0}
      aria-valuemax={contextLength}
      aria-valuenow={Math.min(tokens, contextLength)}
      aria-valuetext={whole}
      title={whole}
      data-testid="context-gauge"
      data-value={tokens}
      data-state={exceedsContext(tokens, model) ? 'over' : nearly}
    >
      <span className="context-bar">
        {parts.map((part) => (
          <span
            key={part}
            data-part={part}
            style={{ width: `${(100 * use[part]) / Math.max(tokens, contextLength)}%` }}
          />
        ))}
      </span>
      <span>{sum}</span>
    </div>
  );
}
