/** A chart as plain data: the picture, its table and what is exported are all made of this. */
import { formatBytes, formatDuration, formatSpeed } from '../../format';

export type ChartName = 'first-token' | 'writing' | 'memory' | 'kv-layers';
export type Unit = 'ms' | 'tok/s' | 'bytes';

/** How a series is painted; each has a class of that name for its swatch, and a pattern where colour alone would not tell. */
export type Paint =
  | 'time-tokenise'
  | 'time-lower'
  | 'time-select'
  | 'time-upper'
  | 'time-first'
  | 'kv-hot'
  | 'kv-trunk'
  | 'kv-full'
  | 'kv-full-line'
  | 'memory-scratch'
  | 'memory-weights';

export interface Series {
  /** Its name in the exported figures. */
  readonly key: string;
  readonly label: string;
  readonly paint: Paint;
  /** On top of the series before it that are stacked; behind them all; or a line over them. */
  readonly place: 'stacked' | 'behind' | 'line';
  /** One for each x; undefined where it is not known. */
  readonly values: readonly (number | undefined)[];
  /** In the table and the export alone. */
  readonly hidden?: boolean;
}

export interface Chart {
  readonly name: ChartName;
  readonly title: string;
  readonly unit: Unit;
  readonly form: 'bars' | 'areas';
  readonly x: {
    readonly key: string;
    readonly label: string;
    /** Ascending. */
    readonly values: readonly number[];
    readonly say: (value: number) => string;
  };
  readonly series: readonly Series[];
  /** Where turns begin, where x is time. */
  readonly turns?: readonly { readonly x: number; readonly turn: number }[];
}

const FORMATS = {
  ms: formatDuration,
  'tok/s': formatSpeed,
  bytes: formatBytes,
} as const satisfies Record<Unit, (value: number | undefined) => string>;

export const formatValue = (unit: Unit, value: number | undefined): string => FORMATS[unit](value);

/** Those series that the picture shows. */
export const shownIn = ({ series }: Chart): readonly Series[] =>
  series.filter(({ hidden }) => hidden !== true);

/** What is drawn for each series: stacked ones stand on those before them. */
export function heightsOf(series: readonly Series[]): readonly (readonly (number | undefined)[])[] {
  let below: readonly number[] = [];
  return series.map(({ place, values }) => {
    if (place !== 'stacked') return values;
    const tops = values.map((value, index) =>
      value === undefined ? undefined : value + (below[index] ?? 0),
    );
    below = values.map((value = 0, index) => value + (below[index] ?? 0));
    return tops;
  });
}

/** The index to be spoken of where none is pointed at: the last that has figures. */
export function lastKnown({ x, series }: Chart): number {
  const known = x.values.map((_, index) => series.some(({ values }) => values[index] !== undefined));
  return Math.max(0, known.lastIndexOf(true));
}

/** One point in words. */
export function sayPoint(chart: Chart, index: number): string {
  const { x, unit } = chart;
  const at = x.values[index];
  if (at === undefined) return '';
  const parts = shownIn(chart).map(({ label, values }) => `${label} ${formatValue(unit, values[index])}`);
  return `${x.say(at)}: ${parts.join(', ')}`;
}
