/** The colours and patterns of charts on a canvas: the same that charts.css gives the swatches, from the same tokens. */
import type { Paint } from './chart';

export interface Colours {
  readonly ink: string;
  readonly inkSoft: string;
  readonly inkFaint: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly accent: string;
  readonly full: string;
  readonly wall: string;
  /** Of the axes. */
  readonly font: string;
}

/** As the theme has them now: custom properties of the style sheet. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: token('--ink'),
    inkSoft: token('--ink-soft'),
    inkFaint: token('--ink-faint'),
    line: token('--line'),
    lineStrong: token('--line-strong'),
    accent: token('--accent'),
    full: token('--full'),
    wall: token('--wall'),
    font: style.fontFamily,
  };
}

type Fill = string | CanvasPattern;

/** What fills a series' shape; undefined for a line. `scale`: canvas pixels per CSS pixel. */
export function fillOf(paint: Paint, colours: Colours, scale: number): Fill | undefined {
  const { ink, inkFaint, lineStrong, accent, full, wall } = colours;
  switch (paint) {
    case 'time-tokenise':
      return inkFaint;
    case 'time-lower':
      return ink;
    case 'time-select':
      return striped(ink, wall, 'upright', scale);
    case 'time-upper':
      return mixed(ink, wall, 0.62);
    case 'time-first':
      return striped(ink, inkFaint, 'slanting', scale);
    case 'kv-hot':
      return accent;
    case 'kv-trunk':
      return striped(accent, mixed(accent, wall, 0.35), 'slanting', scale);
    case 'kv-full':
      return full;
    case 'memory-scratch':
      return dotted(lineStrong, mixed(lineStrong, wall, 0.3), scale);
    case 'memory-weights':
      return mixed(lineStrong, wall, 0.85);
    case 'kv-full-line':
      return undefined;
    default:
      return paint satisfies never;
  }
}

/** `share` of one colour on another, as color-mix does. */
function mixed(colour: string, ground: string, share: number): string {
  return `color-mix(in srgb, ${colour} ${share * 100}%, ${ground})`;
}

/** Half one colour, half the other. */
function striped(colour: string, ground: string, direction: 'upright' | 'slanting', scale: number): Fill {
  return tiled(colour, ground, scale, (context, side) => {
    if (direction === 'upright') context.fillRect(0, 0, side / 2, side);
    else slantingStripe(context, side);
  });
}

/** Few and small, so that a large area stays calm. */
function dotted(colour: string, ground: string, scale: number): Fill {
  return tiled(colour, ground, 1.5 * scale, (context, side) => {
    const dot = Math.max(1, Math.round(side / 5));
    context.fillRect(0, 0, dot, dot);
    context.fillRect(Math.round(side / 2), Math.round(side / 2), dot, dot);
  });
}

/** Draws one tile in the colour on the ground, 4 CSS pixels a side at scale 1. */
function tiled(
  colour: string,
  ground: string,
  scale: number,
  draw: (context: CanvasRenderingContext2D, side: number) => void,
): Fill {
  const side = Math.max(4, Math.round(4 * scale));
  const tile = document.createElement('canvas');
  tile.width = side;
  tile.height = side;
  const context = tile.getContext('2d');
  if (context === null) return colour;
  context.fillStyle = ground;
  context.fillRect(0, 0, side, side);
  context.fillStyle = colour;
  draw(context, side);
  return context.createPattern(tile, 'repeat') ?? colour;
}

/** From the lower left to the upper right, joining its own copies at the edges. */
function slantingStripe(context: CanvasRenderingContext2D, side: number): void {
  const half = side / 2;
  context.beginPath();
  context.moveTo(0, side);
  context.lineTo(0, half);
  context.lineTo(half, 0);
  context.lineTo(side, 0);
  context.closePath();
  context.moveTo(half, side);
  context.lineTo(side, half);
  context.lineTo(side, side);
  context.closePath();
  context.fill();
}
