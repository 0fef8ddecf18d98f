import { useId } from 'react';
import { formatBytes } from '../format';
import { useJudged } from '../memory/memory-verdict';
import type { ModelPlan, WeightForm } from '../../protocol';
import { FORMS } from '../store/load-options';
import { LEAST_BUDGET } from '../store/memory-budget';
import { useBudget, useLoadedModel, useLoadOptions } from '../stores';
import './load-options.css';

const LABELS: Readonly<Record<WeightForm, string>> = {
  f16: 'As stored (16-bit)',
  q8: '8-bit',
  q4: '4-bit',
  f32: '32-bit',
};

const GIB = 2 ** 30;

/** How the next models are loaded, whichever way they come. */
export function LoadOptions() {
  return (
    <section className="models-section" aria-labelledby="load-options">
      <h3 id="load-options">Loading</h3>
      <WeightsMenu />
      <MemoryBudget />
    </section>
  );
}

interface WeightsMenuProps {
  /** Text of a config.json: says what each form would take of that model. Left out: of the loaded one. */
  readonly config?: string | undefined;
}

/** In what form the weights are to lie on the GPU; greyed, with the reason, for a model that is quantised itself. */
export function WeightsMenu({ config }: WeightsMenuProps) {
  const dtype = useLoadOptions((state) => state.dtype);
  const choose = useLoadOptions((state) => state.choose);
  const loaded = useLoadedModel();
  const id = useId();
  const plans = usePlans(config);
  // What is loaded says nothing of what comes next; a model that is described does.
  const isPacked = config !== undefined && plans.f16?.model.isPacked === true;
  return (
    <div className="load-option">
      <label htmlFor={id}>Weights</label>
      <select
        id={id}
        className="select"
        data-testid="weights-menu"
        value={dtype}
        disabled={isPacked}
        aria-describedby={`${id}-help`}
        onChange={({ target }) => choose(target.value as WeightForm)}
      >
        {FORMS.map((form) => (
          <option key={form} value={form}>
            {LABELS[form]}
            {plans[form] && !plans[form].model.isPacked && `, ${formatBytes(plans[form].weightsBytes)}`}
          </option>
        ))}
      </select>
      <p className="load-option-help" id={`${id}-help`}>
        {isPacked
          ? `This model is published in ${plans.f16?.model.weights === 'q8' ? '8' : '4'} bits and stays so.`
          : `Fewer bits take less memory and are a little less precise. ${
              config === undefined && loaded ? `The sizes are for ${loaded.name}. ` : ''
            }Models that are published quantised stay as they are.`}
      </p>
    </div>
  );
}

/** By form; without a model to speak of, nothing. */
function usePlans(config: string | undefined): Partial<Record<WeightForm, ModelPlan>> {
  const weights = (dtype: WeightForm) => ({ config, dtype, promptTokens: 1, answerTokens: 0 });
  const judged = {
    f16: useJudged(weights('f16')),
    q8: useJudged(weights('q8')),
    q4: useJudged(weights('q4')),
    f32: useJudged(weights('f32')),
  };
  return Object.fromEntries(
    FORMS.flatMap((form) => {
      const answer = judged[form];
      return answer?.state === 'judged' ? [[form, answer.assessment.plan]] : [];
    }),
  );
}

/** What verdicts are measured by. Browsers do not tell it. */
function MemoryBudget() {
  const budget = useBudget((state) => state.budgetBytes);
  const standard = useBudget((state) => state.standardBytes);
  const remembers = useBudget((state) => state.remembers);
  const setBudget = useBudget((state) => state.setBudget);
  const id = useId();
  return (
    <div className="load-option">
      <label htmlFor={id}>Graphics memory budget</label>
      <span className="load-option-budget">
        <input
          id={id}
          type="number"
          className="number-input"
          data-testid="budget"
          // A new element for a budget that was set elsewhere; while typing, what is typed.
          key={budget}
          defaultValue={Number((budget / GIB).toFixed(2))}
          min={LEAST_BUDGET / GIB}
          required
          step="any"
          inputMode="decimal"
          aria-describedby={`${id}-help`}
          onBlur={({ target }) => {
            const changed = target.value !== target.defaultValue;
            if (changed && target.validity.valid) setBudget(target.valueAsNumber * GIB);
          }}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
        GiB
        {budget !== standard && (
          <button
            type="button"
            className="text-button"
            data-testid="budget-reset"
            onClick={() => setBudget(undefined)}
          >
            Back to {formatBytes(standard)}
          </button>
        )}
      </span>
      <p className="load-option-help" id={`${id}-help`}>
        Browsers do not say how much there is; {formatBytes(standard)} is a cautious guess for this device. It
        decides what “fits” means, and blocks nothing.
        {!remembers &&
          ' It is kept only until the page is closed: this browser does not let it store anything.'}
      </p>
    </div>
  );
}
