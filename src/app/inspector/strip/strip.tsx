import {
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
} from 'react';
import type { SelectionReport } from '../../../protocol';
import { formatTokens } from '../../format';
import { themeOf } from '../../store/theme-store';
import { useTheme } from '../../stores';
import { drawStrip, rowIndexAt, rowPlaces, stripHeight, type RowPlace } from './draw-strip';
import { OpenPlace, useOpenPlace } from './open-place';
import { cellText, Readout } from './readout';
import { cellAt, columnOf, keptAnywhere, stripOf, tokensOf } from './strip-data';
import './strip.css';

interface StripProps {
  readonly report: SelectionReport;
  readonly layers: number;
  readonly kvHeads: number;
}

/** Where the pointer or the keyboard is: a row, and a token that stays put when the panel's width changes. */
interface Place {
  readonly rowIndex: number;
  readonly position: number;
}

/** The prompt from left to right, a row for what went on and one for each layer. Explored by pointer or arrow keys. */
export function KeptStrip({ report, layers, kvHeads }: StripProps) {
  const { promptTokens, tspLayer } = report;
  const readoutId = useId();
  const { frame, width } = useWidth();
  const columns = Math.max(1, Math.min(promptTokens, Math.floor(width)));
  const places = useMemo(() => rowPlaces(layers, tspLayer), [layers, tspLayer]);
  const [place, setPlace] = useState<Place>();
  const column = place && columnOf(place.position, columns, promptTokens);
  const row = place && places[place.rowIndex];
  const cell =
    row && column !== undefined
      ? cellAt(report, row.row, tokensOf(column, columns, promptTokens), kvHeads)
      : undefined;

  const { nowhere, openPlace } = useOpenPlace(promptTokens);

  const moveTo = (rowIndex: number, toColumn: number) => {
    const within = Math.max(0, Math.min(columns - 1, toColumn));
    setPlace({
      rowIndex: Math.max(0, Math.min(places.length - 1, rowIndex)),
      position: tokensOf(within, columns, promptTokens).from,
    });
  };
  const onPointer = ({ clientX, clientY, currentTarget }: PointerEvent) => {
    const box = currentTarget.getBoundingClientRect();
    moveTo(rowIndexAt(places, clientY - box.top), Math.floor(((clientX - box.left) / box.width) * columns));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && cell) return openPlace(cell.range);
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (place === undefined || column === undefined) return moveTo(1, 0);
    moveTo(place.rowIndex + (step.rows ?? 0), step.to?.(columns) ?? column + (step.columns ?? 0));
  };

  return (
    <>
      <div className="strip">
        <RowLabels places={places} layers={layers} tspLayer={tspLayer} />
        <div
          ref={frame}
          className="strip-frame"
          style={{ height: stripHeight(places) }}
          role="slider"
          aria-orientation="horizontal"
          aria-label="Tokens kept, by layer. Left and right move along the prompt, up and down through the layers; Enter opens the document there."
          aria-valuemin={0}
          aria-valuemax={columns - 1}
          aria-valuenow={column ?? 0}
          aria-valuetext={cell ? cellText(cell, tspLayer) : 'nothing pointed at yet'}
          aria-describedby={readoutId}
          tabIndex={0}
          data-testid="kept-strip"
          data-prompt-tokens={promptTokens}
          data-propagated={report.propagated?.length ?? promptTokens}
          data-kept={useMemo(() => keptAnywhere(report), [report])}
          onPointerDown={onPointer}
          onPointerMove={onPointer}
          onPointerUp={({ pointerType }) => {
            // A finger has no other way to explore the strip than to touch it; for it there is the button below.
            if (pointerType === 'mouse' && cell) openPlace(cell.range);
          }}
          onKeyDown={onKeyDown}
          onFocus={() => place ?? moveTo(1, 0)}
        >
          <Picture report={report} layers={layers} columns={columns} places={places} width={width} />
          {row && column !== undefined && <Cursor row={row} share={(column + 0.5) / columns} />}
        </div>
      </div>
      <p className="strip-axis" aria-hidden="true">
        <span>0</span>
        <span>{formatTokens(promptTokens)}</span>
      </p>
      <Readout id={readoutId} cell={cell} tspLayer={tspLayer} promptTokens={promptTokens} />
      {cell && <OpenPlace isNowhere={nowhere === cell.range.from} onOpen={() => openPlace(cell.range)} />}
    </>
  );
}

interface Step {
  readonly rows?: number;
  readonly columns?: number;
  readonly to?: (columns: number) => number;
}

const STEPS: Readonly<Partial<Record<string, Step>>> = {
  ArrowLeft: { columns: -1 },
  ArrowRight: { columns: 1 },
  ArrowUp: { rows: -1 },
  ArrowDown: { rows: 1 },
  PageUp: { columns: 16 },
  PageDown: { columns: -16 },
  Home: { to: () => 0 },
  End: { to: (columns) => columns - 1 },
};

interface PictureProps extends Omit<StripProps, 'kvHeads'> {
  readonly columns: number;
  readonly places: readonly RowPlace[];
  readonly width: number;
}

function Picture({ report, layers, columns, places, width }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const strip = useMemo(() => stripOf(report, layers, columns), [report, layers, columns]);
  const theme = useTheme(themeOf);
  useEffect(() => {
    // `theme` is asked for nothing but to draw again: its colours are read from the style sheet.
    if (canvas.current && width > 0) drawStrip(canvas.current, strip, places, width, devicePixelRatio);
  }, [strip, places, width, theme]);
  return <canvas ref={canvas} className="strip-picture" />;
}

function Cursor({ row, share }: { readonly row: RowPlace; readonly share: number }) {
  return (
    <>
      <span className="strip-column" style={{ left: `${share * 100}%` }} />
      <span className="strip-row" style={{ top: row.top - 2, height: row.height + 4 }} />
    </>
  );
}

interface RowLabelsProps {
  readonly places: readonly RowPlace[];
  readonly layers: number;
  readonly tspLayer: number | undefined;
}

/** Every layer's number where there is room, else the first, T and the last. */
function RowLabels({ places, layers, tspLayer }: RowLabelsProps) {
  const isNamed = (layer: number) =>
    layers <= 16 || layer === 0 || layer === tspLayer || layer === layers - 1;
  return (
    <div className="strip-labels" aria-hidden="true" style={{ height: stripHeight(places) }}>
      {places.map(({ row, top, height }) => (
        <span key={row} style={{ top: top + height / 2 }}>
          {row === 'propagated' && (tspLayer === undefined ? 'all' : `> ${tspLayer}`)}
          {row !== 'propagated' && isNamed(row) && (row === tspLayer ? `T ${row}` : row)}
        </span>
      ))}
    </div>
  );
}

/** The width of an element in CSS pixels, as it changes. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { frame, width };
}
