import { useEffect, useRef, useState, type RefObject } from 'react';
import { themeOf } from '../../store/theme-store';
import { useTheme } from '../../stores';
import type { Chart } from './chart';
import { coloursOf } from './paint';
import type * as Drawer from './plot';
import type { Plot } from './plot';

type Drawing = typeof Drawer;

interface Drawn {
  /** What is drawn into; it has the size of the picture before there is one. */
  readonly frame: RefObject<HTMLDivElement | null>;
  /** The drawing code could not be loaded, as offline before the first chart. */
  readonly failed: boolean;
}

/** Draws a chart, and again when it, the theme or the room changes. The drawing code is fetched when the frame is first seen. */
export function usePlot(
  chart: Chart,
  at: number | undefined,
  onPoint: (index: number | undefined) => void,
): Drawn {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const { drawing, failed } = useDrawing(frame);
  const theme = useTheme(themeOf);

  useEffect(() => {
    if (drawing === undefined || frame.current === null) return;
    const drawn = drawing.plotIn(frame.current, coloursOf(frame.current), onPoint);
    plot.current = drawn;
    return () => drawn.remove();
    // `theme` is asked for nothing but to draw again: colours are read from the style sheet.
  }, [drawing, theme, onPoint]);
  useEffect(() => plot.current?.show(chart), [drawing, theme, onPoint, chart]);
  useEffect(() => plot.current?.point(at), [drawing, theme, onPoint, chart, at]);
  return { frame, failed };
}

function useDrawing(frame: RefObject<HTMLElement | null>) {
  const [drawing, setDrawing] = useState<Drawing>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      import('./plot').then(
        (loaded) => setDrawing(loaded),
        () => setFailed(true),
      );
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return { drawing, failed };
}
