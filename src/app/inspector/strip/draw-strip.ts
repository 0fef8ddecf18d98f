/** The strip's rows on a canvas: where they lie, and their paint. */
import type { Row, Strip } from './strip-data';

/** In CSS pixels. */
export interface RowPlace {
  readonly row: Row;
  readonly top: number;
  readonly height: number;
}

const FIRST_HEIGHT = 12;
const FIRST_GAP = 6;
/** A gap at T, where the tokens become fewer. */
const TSP_GAP = 4;

/** The rows from top to bottom: many layers share the height that a few would take. */
export function rowPlaces(layers: number, tspLayer: number | undefined): readonly RowPlace[] {
  const step = Math.max(4, Math.min(14, Math.floor(192 / layers)));
  const gap = step >= 8 ? 2 : 0;
  const places: RowPlace[] = [{ row: 'propagated', top: 0, height: FIRST_HEIGHT }];
  let top = FIRST_HEIGHT + FIRST_GAP;
  for (let row = 0; row < layers; row++) {
    places.push({ row, top, height: step - gap });
    top += step + (row === tspLayer ? TSP_GAP : 0);
  }
  return places;
}

export function stripHeight(places: readonly RowPlace[]): number {
  const last = places.at(-1);
  return last === undefined ? 0 : last.top + last.height;
}

/** The row at a height, or the nearest one. */
export function rowIndexAt(places: readonly RowPlace[], y: number): number {
  const below = places.findIndex(({ top, height }) => y < top + height);
  return below === -1 ? places.length - 1 : below;
}

export interface StripColours {
  readonly letGo: string;
  readonly propagated: string;
  readonly kept: string;
}

/** Custom properties of the style sheet, so that the strip follows the theme like everything else. */
export function stripColours(element: Element): StripColours {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return { letGo: colour('--full'), propagated: colour('--ink'), kept: colour('--accent') };
}

/** `scale`: device pixels per CSS pixel. */
export function drawStrip(
  canvas: HTMLCanvasElement,
  strip: Strip,
  places: readonly RowPlace[],
  width: number,
  scale: number,
): void {
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(stripHeight(places) * scale);
  const context = canvas.getContext('2d');
  if (context === null) return; // Without a canvas the readout and the table still tell everything.
  const colours = stripColours(canvas);
  for (const { row, top, height } of places) {
    const shares = row === 'propagated' ? strip.propagated : strip.kept[row];
    const y = Math.round(top * scale);
    const h = Math.round((top + height) * scale) - y;
    context.globalAlpha = 1;
    context.fillStyle = colours.letGo;
    context.fillRect(0, y, canvas.width, h);
    context.fillStyle = row === 'propagated' ? colours.propagated : colours.kept;
    shares?.forEach((share, column) => {
      if (share === 0) return;
      // A column that keeps little must still be seen; the square root spreads the low shares, which are the rule.
      context.globalAlpha = 0.4 + 0.6 * Math.sqrt(share);
      const x = Math.round((column / shares.length) * canvas.width);
      const next = Math.round(((column + 1) / shares.length) * canvas.width);
      context.fillRect(x, y, Math.max(1, next - x), h);
    });
  }
}
