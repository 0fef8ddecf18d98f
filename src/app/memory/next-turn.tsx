import { focusComposer } from '../chat/focus-composer';
import { formatBytes, formatTokens } from '../format';
import { exceedsContext, isNearlyFull, totalOf } from '../store/context-use';
import type { Change } from '../store/verdict';
import { sayChange } from '../store/verdict';
import { useBudget, useIsFree, useLoadedModel, useNextTurn, useStores } from '../stores';
import { applyChange, canApply } from './apply-change';
import { NearlyFull, OverContext } from './context-notice';
import { VerdictMark } from './memory-verdict';
import './memory.css';

/** Above the composer, where the coming prompt would be tight or too much: what it would take and what would help. Of memory it
 * warns, and sending stays possible; beyond the context nothing can be sent. */
export function NextTurnNotice() {
  const { use, assessment } = useNextTurn((state) => state);
  const model = useLoadedModel();
  const budget = useBudget((state) => state.budgetBytes);
  const free = useIsFree();
  if (!free || model === undefined || use === undefined) return null;
  const tokens = totalOf(use);
  if (exceedsContext(tokens, model)) return <OverContext tokens={tokens} model={model} />;
  if (assessment?.verdict !== 'too-big' && isNearlyFull(tokens, model))
    return <NearlyFull tokens={tokens} model={model} />;
  if (assessment === undefined || assessment.verdict === 'fits') return null;
  const { verdict, plan, suggestion } = assessment;
  return (
    <p className="next-turn" role="status" data-testid="next-turn" data-verdict={verdict}>
      <VerdictMark verdict={verdict} />
      <span>
        <strong>{verdict === 'tight' ? 'Memory will be tight.' : 'This may not fit.'}</strong> Reading{' '}
        {formatTokens(tokens)} takes about {formatBytes(plan.peakBytes)} of a budget of {formatBytes(budget)}.
        {suggestion && (
          <>
            {' '}
            With {sayChange(suggestion.change)} it takes {formatBytes(suggestion.plan.peakBytes)}.
            {canApply(suggestion.change) && <ChangeButton change={suggestion.change} />}
          </>
        )}
        {verdict === 'too-big' && suggestion === undefined && ' A smaller model, or less text, would help.'}
      </span>
    </p>
  );
}

function ChangeButton({ change }: { readonly change: Change }) {
  const stores = useStores();
  return (
    <button
      type="button"
      className="text-button"
      data-testid="apply-next-turn"
      onClick={(event) => {
        applyChange(stores, change);
        focusComposer(event); // The button goes once that helps.
        if (change.dtype) void stores.model.getState().reload({ dtype: change.dtype });
      }}
    >
      {change.dtype ? `Load it again with ${sayChange(change)}` : `Switch to ${sayChange(change)}`}
    </button>
  );
}
