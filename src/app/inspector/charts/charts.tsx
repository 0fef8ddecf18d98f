import { useMemo, useState } from 'react';
import { Choice } from '../../settings/parameter';
import { useChat, useMemoryHistory } from '../../stores';
import { ChartFigure } from './chart-figure';
import type { ChartName } from './chart';
import { memoryChart } from './memory-charts';
import { firstTokenChart, writingChart } from './turn-charts';
import { useAnswerIds, useTurns } from './use-turns';

const CHOICES = [
  { value: 'first-token', label: 'First token' },
  { value: 'writing', label: 'Writing' },
  { value: 'memory', label: 'Memory' },
] as const satisfies readonly { readonly value: ChartName; readonly label: string }[];

type Shown = (typeof CHOICES)[number]['value'];

/** The conversation's figures from turn to turn, one chart at a time. */
export function Charts() {
  const anyTurn = useChat(({ order }) => order.length > 0);
  const [shown, setShown] = useState<Shown>('first-token');
  const [asTable, setAsTable] = useState(false);
  const view = { asTable, onAsTable: setAsTable };
  return (
    <section className="panel" data-testid="charts">
      <h2>Turn by turn</h2>
      {anyTurn ? (
        <>
          <Choice
            name="chart"
            label="Chart"
            hideLabel
            choices={CHOICES}
            value={shown}
            onChange={(value) => setShown(value as Shown)}
          />
          {shown === 'memory' ? <MemoryOverTime {...view} /> : <TurnByTurn shown={shown} {...view} />}
        </>
      ) : (
        <p className="panel-hint">
          How the wait for the first token, the writing speed and the memory change from turn to turn.
        </p>
      )}
    </section>
  );
}

interface ViewProps {
  readonly asTable: boolean;
  readonly onAsTable: (asTable: boolean) => void;
}

function TurnByTurn({ shown, ...view }: ViewProps & { readonly shown: 'first-token' | 'writing' }) {
  const turns = useTurns();
  const chart = useMemo(
    () => (shown === 'writing' ? writingChart(turns) : firstTokenChart(turns)),
    [shown, turns],
  );
  return <ChartFigure key={shown} chart={chart} {...view} />;
}

const NONE: readonly never[] = [];

function MemoryOverTime(view: ViewProps) {
  const ids = useAnswerIds();
  const byAnswer = useMemoryHistory((history) => history.byAnswer);
  const [withWeights, setWithWeights] = useState(false);
  const chart = useMemo(
    () =>
      memoryChart(
        ids.map((id) => byAnswer.get(id) ?? NONE),
        withWeights,
      ),
    [ids, byAnswer, withWeights],
  );
  if (chart.x.values.length === 0)
    return (
      <p className="panel-hint">
        Nothing for these turns: memory is recorded while the page is open, and they came before.
      </p>
    );
  return (
    <ChartFigure chart={chart} {...view}>
      <label className="toggle">
        <input
          type="checkbox"
          checked={withWeights}
          data-testid="chart-weights"
          onChange={({ target }) => setWithWeights(target.checked)}
        />
        Include the weights
      </label>
    </ChartFigure>
  );
}
