/** A chart to take away: its figures as JSON, or the picture with its title and legend as PNG. */
import type { ModelInfo } from '../../../protocol';
import { formatParameters } from '../../format';
import { sayKv } from '../../settings/say-kv';
import type { TurnFigures } from '../../store/conversation';
import { shownIn, type Chart } from './chart';
import { coloursOf, fillOf, type Colours } from './paint';

export interface Context {
  readonly model: ModelInfo | undefined;
  /** What the turns went by, first to last. */
  readonly turns: readonly TurnFigures[];
}

/** The figures with their units, the model, and what each turn was asked to do. Unknown ones are null. */
export function jsonOf(chart: Chart, { model, turns }: Context): string {
  const { name, title, unit, x, series } = chart;
  const exported = {
    chart: name,
    title,
    model: model && {
      name: model.name,
      family: model.family,
      parameters: model.parameters,
      layers: model.layers,
      kvHeads: model.kvHeads,
      headDim: model.headDim,
      weights: model.weights,
      cache: model.dtype,
      adapter: model.adapter,
    },
    x: { key: x.key, label: x.label, values: x.values.map(tidy) },
    unit,
    series: series.map(({ key, label, values }) => ({
      key,
      label,
      values: values.map(tidy),
    })),
    ...(chart.turns && { turnsBegin: chart.turns.map(({ x: at, turn }) => ({ turn, [x.key]: tidy(at) })) }),
    turns: turns.map(({ promptTokens, reusedTokens, newTokens, kv, compression }, index) => ({
      turn: index + 1,
      ...{ promptTokens, reusedTokens, newTokens, settings: kv, compression },
    })),
  };
  return `${JSON.stringify(exported, null, 2)}\n`;
}

/** Bytes and counts as they are; measured times without the digits that no clock has. */
const tidy = (value: number | undefined): number | null =>
  value === undefined ? null : Number.isInteger(value) ? value : Number(value.toPrecision(6));

/** CSS pixels, at the screen's own density. */
const PICTURE = { width: 1200, height: 675 };
const MARGIN = 40;
const FONT = 18;

/** Rejects where the drawing code cannot be loaded or the browser makes no picture. */
export async function pngOf(chart: Chart, context: Context, element: Element): Promise<Blob> {
  const { pictureOf } = await import('./plot');
  const colours = coloursOf(element);
  const legendTop = PICTURE.height - MARGIN - FONT;
  const top = MARGIN + 70;
  const size = { width: PICTURE.width - 2 * MARGIN, height: legendTop - top - 24 };
  const plot = await pictureOf(chart, { colours, size, fontSize: FONT, isAlone: true });

  const canvas = document.createElement('canvas');
  canvas.width = Math.round(PICTURE.width * devicePixelRatio);
  canvas.height = Math.round(PICTURE.height * devicePixelRatio);
  const draw = canvas.getContext('2d');
  if (draw === null) throw new Error('This browser gives the page no canvas to draw on.');
  draw.scale(devicePixelRatio, devicePixelRatio);
  draw.fillStyle = colours.wall;
  draw.fillRect(0, 0, PICTURE.width, PICTURE.height);
  draw.textBaseline = 'top';
  write(draw, chart.title, MARGIN, `600 28px ${colours.font}`, colours.ink);
  write(draw, subtitleOf(context), MARGIN + 40, `${FONT}px ${colours.font}`, colours.inkSoft);
  draw.drawImage(plot, MARGIN, top, size.width, size.height);
  drawLegend(draw, chart, colours, legendTop);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob === null ? reject(new Error('This browser cannot turn a canvas into a picture.')) : resolve(blob),
    ),
  );
}

function write(draw: CanvasRenderingContext2D, text: string, top: number, font: string, colour: string) {
  draw.font = font;
  draw.fillStyle = colour;
  draw.fillText(text, MARGIN, top, PICTURE.width - 2 * MARGIN);
}

/** The model and what it last went by: without them a picture says little elsewhere. */
export function subtitleOf({ model, turns }: Context): string {
  const kv = turns.at(-1)?.kv;
  return [
    model && `${model.name}, ${formatParameters(model.parameters)} parameters, weights ${model.weights}`,
    kv && sayKv(kv),
  ]
    .filter(Boolean)
    .join(' · ');
}

function drawLegend(draw: CanvasRenderingContext2D, chart: Chart, colours: Colours, top: number): void {
  draw.font = `${FONT - 2}px ${colours.font}`;
  let left = MARGIN;
  for (const { label, paint } of shownIn(chart)) {
    const fill = fillOf(paint, colours, devicePixelRatio);
    if (fill === undefined) {
      draw.strokeStyle = colours.ink;
      draw.lineWidth = 2;
      draw.setLineDash([6, 4]);
      draw.beginPath();
      draw.moveTo(left, top + 9);
      draw.lineTo(left + 18, top + 9);
      draw.stroke();
    } else {
      draw.fillStyle = fill;
      draw.fillRect(left, top + 2, 14, 14);
    }
    draw.fillStyle = colours.ink;
    draw.fillText(label, left + 24, top);
    left += 24 + draw.measureText(label).width + 28;
  }
}
