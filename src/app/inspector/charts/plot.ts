/** Charts drawn with uPlot. Loaded when a chart is first seen: nothing else of the page needs it. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { heightsOf, shownIn, type Chart, type Unit } from './chart';
import { fillOf, type Colours } from './paint';

interface Size {
  readonly width: number; // CSS pixels
  readonly height: number; // CSS pixels
}

export interface Plot {
  show(chart: Chart): void;
  /** Marks a point; undefined marks none. */
  point(index: number | undefined): void;
  remove(): void;
}

interface Look {
  readonly colours: Colours;
  readonly size: Size;
  /** Of the axes, in CSS pixels. */
  readonly fontSize: number;
  /** On a picture of its own, where no legend says what x is. */
  readonly isAlone?: boolean;
}

/** Of the axes on the page, in CSS pixels. */
const FONT_SIZE = 12;

/** Draws into an element, as large as it is, and tells which point the pointer is at. */
export function plotIn(
  element: HTMLElement,
  colours: Colours,
  onPoint: (index: number | undefined) => void,
): Plot {
  let shown: Chart | undefined;
  let plot: uPlot | undefined;
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const draw = (chart: Chart) =>
    new uPlot(
      optionsFor(chart, { colours, size: size(), fontSize: FONT_SIZE }, () => shown ?? chart, onPoint),
      dataOf(chart),
      element,
    );
  const observer = new ResizeObserver(() => plot?.setSize(size()));
  observer.observe(element);
  return {
    show(chart) {
      const isSame = shown !== undefined && shapeOf(shown) === shapeOf(chart);
      shown = chart;
      if (isSame) return plot?.setData(dataOf(chart));
      plot?.destroy();
      plot = draw(chart);
    },
    point(index) {
      const x = index === undefined ? undefined : shown?.x.values[index];
      const left = x === undefined ? -10 : (plot?.valToPos(x, 'x') ?? -10);
      plot?.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
    },
    remove() {
      observer.disconnect();
      plot?.destroy();
    },
  };
}

/** Charts of the same shape differ in their figures alone. */
const shapeOf = (chart: Chart): string =>
  [chart.name, ...drawingOrder(chart).map(({ key }) => key)].join(' ');

/** The same drawing on a canvas of its own. */
export async function pictureOf(chart: Chart, look: Look): Promise<HTMLCanvasElement> {
  const nowhere = document.createElement('div');
  return new Promise((resolve) => {
    const options = optionsFor(chart, look, () => chart);
    const plot = new uPlot(
      {
        ...options,
        hooks: { ...options.hooks, ready: [() => queueMicrotask(() => resolve(plot.ctx.canvas))] },
      },
      dataOf(chart),
      nowhere,
    );
  });
}

/** In the order of drawing: what stands behind first, then stacked series from the tallest to the lowest, then lines. */
function drawingOrder(chart: Chart) {
  const series = shownIn(chart);
  const heights = heightsOf(series);
  const all = series.map((one, index) => ({ ...one, heights: heights[index] ?? [] }));
  const at = (place: string) => all.filter((one) => one.place === place);
  return [...at('behind'), ...at('stacked').reverse(), ...at('line')];
}

function dataOf(chart: Chart): uPlot.AlignedData {
  const columns = drawingOrder(chart).map(({ heights }) => heights.map((height) => height ?? null));
  return [[...chart.x.values], ...columns] as uPlot.AlignedData;
}

function optionsFor(
  chart: Chart,
  look: Look,
  now: () => Chart,
  onPoint?: (index: number | undefined) => void,
): uPlot.Options {
  const { colours, size, fontSize } = look;
  const scale = fontSize / 12;
  return {
    ...size,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: false },
      ...(onPoint === undefined && { show: false }),
    },
    scales: {
      x: {
        time: false,
        range: (_, least, most) => xRange(now(), least, most, look.isAlone ? 1 : FEWEST_BARS),
      },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: axesFor(now, look),
    // Labels of bars stay within the plot; those of time may stand out at its end.
    ...(chart.form === 'bars' && { padding: [null, 2, null, null] }),
    series: [{}, ...seriesFor(chart, colours, scale)],
    hooks: {
      drawAxes: [(plot) => drawTurns(plot, now(), colours, scale)],
      setCursor: [(plot) => onPoint?.(plot.cursor.idx ?? undefined)],
    },
  };
}

/** Fewer bars than this leave room for those to come, so that they do not shrink with every turn. */
const FEWEST_BARS = 6;

function xRange({ form, name, x }: Chart, least: number, most: number, fewest: number): [number, number] {
  const first = x.values[0] ?? 0;
  if (form === 'areas') return [0, Math.max(most, 0.1)];
  const room = name === 'kv-layers' ? x.values.length : Math.max(fewest, x.values.length);
  return [Math.min(first, least) - 0.5, first + room - 0.5];
}

function seriesFor(chart: Chart, colours: Colours, scale: number): uPlot.Series[] {
  const paths =
    chart.form === 'bars'
      ? uPlot.paths.bars?.({ size: [0.72, 44 * scale] })
      : uPlot.paths.stepped?.({ align: 1 });
  return drawingOrder(chart).map(({ paint, place }): uPlot.Series => {
    const isLine = place === 'line';
    return {
      points: { show: false },
      ...(paths && { paths }),
      ...(isLine
        ? { stroke: colours.ink, width: 1.5 * scale, dash: [5 * scale, 4 * scale] }
        : // A hair of the ground between what is stacked.
          {
            fill: fillOf(paint, colours, devicePixelRatio * scale) ?? '',
            stroke: colours.wall,
            width: scale / 2,
          }),
    };
  });
}

function axesFor(now: () => Chart, { colours, fontSize, isAlone = false }: Look): uPlot.Axis[] {
  const { unit, form, x } = now();
  const common: uPlot.Axis = {
    stroke: colours.inkSoft,
    font: `${fontSize}px ${colours.font}`,
    ticks: { show: false },
    gap: 6,
  };
  const isTime = form === 'areas';
  return [
    {
      ...common,
      size: fontSize * 2,
      space: fontSize * (isTime ? 4 : 2),
      grid: { show: false },
      ...(isTime
        ? {
            values: (_, splits) =>
              axisLabels(
                splits.map((at) => at * 1000),
                'ms',
              ),
          }
        : {
            incrs: WHOLE,
            // There is room for bars to come, which have no number yet.
            values: (_, splits) => splits.map((at) => (now().x.values.includes(at) ? String(at) : '')),
          }),
      ...(isAlone && {
        label: x.label,
        labelSize: fontSize * 1.6,
        labelFont: `${fontSize}px ${colours.font}`,
      }),
    },
    {
      ...common,
      // Always as wide as the widest label, so that nothing moves when figures grow.
      size: fontSize * WIDEST_LABEL[unit],
      space: fontSize * 3,
      grid: { stroke: colours.line, width: 1 },
      values: (_, splits) => axisLabels(splits, unit),
      ...(unit === 'bytes' && { incrs: POWERS_OF_TWO }),
    },
  ];
}

/** In font sizes. */
const WIDEST_LABEL = { ms: 4.2, 'tok/s': 5.5, bytes: 5.2 } as const satisfies Record<Unit, number>;

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const POWERS_OF_TWO = Array.from({ length: 45 }, (_, power) => 2 ** power);

const short = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** All in the unit of the largest, without the zeros that figures have. */
function axisLabels(splits: readonly number[], unit: Unit): string[] {
  const most = splits.at(-1) ?? 0;
  const [step, name] = unitFor(most, unit);
  return splits.map((value) => `${short.format(value / step)}\u00a0${name}`);
}

function unitFor(most: number, unit: Unit): readonly [step: number, name: string] {
  if (unit === 'ms') return most >= 1000 ? [1000, 's'] : [1, 'ms'];
  if (unit === 'tok/s') return most >= 10_000 ? [1000, 'k\u00a0tok/s'] : [1, 'tok/s'];
  const power = Math.max(0, Math.floor(Math.log2(Math.max(1, most)) / 10));
  return [1024 ** power, ['B', 'KiB', 'MiB', 'GiB', 'TiB'][power] ?? 'TiB'];
}

/** Where time goes on from turn to turn: a line where each begins. */
function drawTurns(plot: uPlot, { turns = [] }: Chart, colours: Colours, scale: number): void {
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio * scale;
  ctx.save();
  ctx.strokeStyle = colours.lineStrong;
  ctx.fillStyle = colours.inkSoft;
  ctx.lineWidth = Math.max(1, pixel);
  ctx.setLineDash([2 * pixel, 3 * pixel]);
  ctx.font = `${11 * pixel}px ${colours.font}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  let free = -Infinity;
  for (const { x, turn } of turns) {
    const left = Math.round(plot.valToPos(x, 'x', true));
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    const label = String(turn);
    if (left < free) continue;
    ctx.fillText(label, left + 3 * pixel, bbox.top);
    free = left + ctx.measureText(label).width + 8 * pixel;
  }
  ctx.restore();
}
