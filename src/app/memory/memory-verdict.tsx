import { useEffect } from 'react';
import { formatBytes, formatNumbersIn, formatTokens } from '../format';
import type { PlanRequest, WeightForm } from '../../protocol';
import { dtypeFor } from '../store/load-options';
import { keyOf, type Judged } from '../store/planner';
import { sayChange, type Assessment, type Verdict } from '../store/verdict';
import { useBudget, useChat, useLoadOptions, usePlanner, useStores } from '../stores';
import { applyChange, canApply } from './apply-change';
import './memory.css';

/** A text of some ten pages, and an answer: what a model that is not loaded yet is judged by. */
const A_TEXT = { promptTokens: 4096, answerTokens: 256 } as const;

const WORDS: Readonly<Record<Verdict, string>> = { fits: 'Fits', tight: 'Tight', 'too-big': 'Will not fit' };

interface MemoryVerdictProps {
  /** Text of its config.json. */
  readonly config: string;
  /** Left out: as the load options have it. */
  readonly dtype?: WeightForm | undefined;
}

/** Whether a model, with a text of some ten pages, fits this device; if not, what would help. */
export function MemoryVerdict({ config, dtype }: MemoryVerdictProps) {
  const judged = useModelJudged(config, dtype);
  if (judged === undefined || judged.state === 'asked')
    return <p className="verdict">Working out what it takes…</p>;
  if (judged.state === 'failed')
    return (
      <p className="verdict" data-testid="verdict" data-verdict="failed" data-code={judged.error.code}>
        <VerdictMark verdict="too-big" />
        <span>
          <strong>Cannot be loaded.</strong> {formatNumbersIn(judged.error.message)}{' '}
          <code className="problem-code">{judged.error.code}</code>
        </span>
      </p>
    );
  return <ModelVerdict assessment={judged.assessment} />;
}

/** What a model comes to with a text of some ten pages; `dtype` left out: as the load options have it. */
export function useModelJudged(config: string, dtype?: WeightForm): Judged | undefined {
  const chosen = useLoadOptions((state) => state.dtype);
  // A policy that the engine does not know is none, and which it knows is for settingsFor to say.
  const { policy: _, ...changed } = useChat(({ settings }) => settings.kv) ?? {};
  return useJudged({ ...A_TEXT, config, dtype: dtypeFor(config, dtype ?? chosen), kv: changed });
}

function ModelVerdict({ assessment }: { readonly assessment: Assessment }) {
  const { plan, verdict, suggestion } = assessment;
  const budget = useBudget((state) => state.budgetBytes);
  const stores = useStores();
  return (
    <p className="verdict" data-testid="verdict" data-verdict={verdict}>
      <VerdictMark verdict={verdict} />
      <span>
        <strong>{WORDS[verdict]}.</strong> {formatBytes(plan.peakBytes)} with a text of{' '}
        {formatTokens(A_TEXT.promptTokens)}
        {verdict === 'fits' ? '.' : `, of a budget of ${formatBytes(budget)}.`}
        {suggestion && (
          <>
            {' '}
            With {sayChange(suggestion.change)} it takes {formatBytes(suggestion.plan.peakBytes)}.
          </>
        )}
        {verdict === 'too-big' && suggestion === undefined && ' Take a smaller model.'}
        {suggestion && canApply(suggestion.change) && (
          <button
            type="button"
            className="text-button"
            data-testid="apply-change"
            onClick={() => applyChange(stores, suggestion.change)}
          >
            Use {sayChange(suggestion.change)}
          </button>
        )}
      </span>
    </p>
  );
}

/** Full, half, crossed: the shape says it, not the colour. */
export function VerdictMark({ verdict }: { readonly verdict: Verdict }) {
  return (
    <svg className="verdict-mark" data-verdict={verdict} viewBox="0 0 12 12" aria-hidden="true">
      <circle cx="6" cy="6" r="5" />
      {verdict === 'fits' && <circle cx="6" cy="6" r="2.6" className="verdict-fill" />}
      {verdict === 'tight' && <path d="M6 1 A5 5 0 0 1 6 11 Z" className="verdict-fill" />}
      {verdict === 'too-big' && <path d="M2.6 2.6 L9.4 9.4" />}
    </svg>
  );
}

/** The answer to a question, asked again when the question or the budget changes. */
export function useJudged(request: PlanRequest): Judged | undefined {
  const { planner } = useStores();
  const key = keyOf(
    request,
    useBudget((state) => state.budgetBytes),
  );
  useEffect(() => {
    void planner.getState().judge((JSON.parse(key) as [PlanRequest, number])[0]);
  }, [planner, key]);
  return usePlanner((state) => state.judged[key]);
}
