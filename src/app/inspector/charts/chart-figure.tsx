import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { formatValue, lastKnown, sayPoint, shownIn, type Chart } from './chart';
import { ChartTable } from './chart-table';
import { ExportButtons } from './export-buttons';
import { usePlot } from './use-plot';
import './charts.css';

interface ChartFigureProps {
  readonly chart: Chart;
  readonly asTable: boolean;
  readonly onAsTable: (asTable: boolean) => void;
  /** Other controls of this chart. */
  readonly children?: ReactNode;
}

/** A chart with its legend, which tells the figures of the point that is pointed at; or the same as a table. */
export function ChartFigure({ chart, asTable, onAsTable, children }: ChartFigureProps) {
  const [pointed, setPointed] = useState<number>();
  const at = pointed === undefined || pointed >= chart.x.values.length ? lastKnown(chart) : pointed;
  return (
    <figure className="chart" data-testid="chart" data-chart={chart.name}>
      <figcaption className="chart-title">{chart.title}</figcaption>
      <div className="chart-body" data-as-table={asTable}>
        <div className="chart-drawn">
          <Picture chart={chart} at={at} isPointed={pointed !== undefined} onPoint={setPointed} />
          <Legend chart={chart} at={at} />
        </div>
        {asTable && <ChartTable chart={chart} />}
      </div>
      {children}
      <div className="chart-actions">
        <button
          type="button"
          className="text-button"
          aria-pressed={asTable}
          data-testid="chart-as-table"
          onClick={() => onAsTable(!asTable)}
        >
          {asTable ? 'Show as chart' : 'Show as table'}
        </button>
        <ExportButtons chart={chart} />
      </div>
    </figure>
  );
}

interface PictureProps {
  readonly chart: Chart;
  readonly at: number;
  readonly isPointed: boolean;
  readonly onPoint: (index: number | undefined) => void;
}

function Picture({ chart, at, isPointed, onPoint }: PictureProps) {
  const { frame, failed } = usePlot(chart, isPointed ? at : undefined, onPoint);
  const last = chart.x.values.length - 1;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    onPoint(Math.max(0, Math.min(last, step(at, last))));
  };
  if (failed)
    return (
      <p className="chart-picture panel-hint" data-testid="chart-undrawn">
        The chart could not be loaded. Its figures are below, and in the table.
      </p>
    );
  return (
    <div
      ref={frame}
      className="chart-picture"
      role="slider"
      aria-orientation="horizontal"
      aria-label={`${chart.title}. Left and right move along it.`}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={at}
      aria-valuetext={sayPoint(chart, at) || 'nothing yet'}
      tabIndex={0}
      data-testid="chart-picture"
      onKeyDown={onKeyDown}
      onFocus={() => onPoint(at)}
      onBlur={() => onPoint(undefined)}
      onPointerLeave={() => onPoint(undefined)}
    />
  );
}

const STEPS: Readonly<Partial<Record<string, (at: number, last: number) => number>>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  PageDown: (at) => at - 10,
  PageUp: (at) => at + 10,
  Home: () => 0,
  End: (_, last) => last,
};

function Legend({ chart, at }: { readonly chart: Chart; readonly at: number }) {
  const { x, unit } = chart;
  const series = shownIn(chart);
  const position = x.values[at];
  const total = series.reduce(
    (sum, { values, place }) => sum + (place === 'stacked' ? (values[at] ?? 0) : 0),
    0,
  );
  const isSum = series.filter(({ place }) => place === 'stacked').length > 1;
  const isKnown = series.some(({ values }) => values[at] !== undefined);
  return (
    <dl className="figure-rows chart-legend" data-testid="chart-legend">
      <div className="figure-row">
        <dt>
          {position === undefined ? x.label : x.say(position)}
          {isSum && ', in all'}
        </dt>
        <dd>{isSum && formatValue(unit, isKnown ? total : undefined)}</dd>
      </div>
      {series.map(({ key, label, paint, values }) => (
        <div className="figure-row" key={key}>
          <dt>
            <span className={`swatch ${paint}`} aria-hidden="true" />
            {label}
          </dt>
          <dd>{formatValue(unit, values[at])}</dd>
        </div>
      ))}
    </dl>
  );
}
