import { formatValue, type Chart } from './chart';

/** More rows than this are no longer read; the export has them all. */
const MOST_POINTS = 40;

/** The figures of a chart, point by point: narrow enough for the panel, whatever the number of series. */
export function ChartTable({ chart }: { readonly chart: Chart }) {
  const { x, series, title, unit } = chart;
  const every = Math.max(1, Math.ceil(x.values.length / MOST_POINTS));
  const points = x.values.flatMap((value, index) =>
    index % every === 0 || index === x.values.length - 1 ? [{ value, index }] : [],
  );
  return (
    // Focusable, so that it can be scrolled with the keyboard.
    <div className="chart-table-frame" role="region" aria-label={`${title}, as a table`} tabIndex={0}>
      <table className="chart-table" data-testid="chart-table">
        <caption>
          <span className="visually-hidden">{title}. </span>
          {every > 1 && `One of every ${every} samples; the JSON has all.`}
        </caption>
        <thead>
          <tr>
            <th scope="col">{x.label}</th>
            <th scope="col">Part</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        {points.map(({ value, index }) => (
          <tbody key={index}>
            {series.map(({ key, label, values }, row) => (
              <tr key={key}>
                {row === 0 && (
                  <th scope="rowgroup" rowSpan={series.length}>
                    {x.say(value)}
                  </th>
                )}
                <td>{label}</td>
                <td data-value={values[index] ?? ''}>{formatValue(unit, values[index])}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
