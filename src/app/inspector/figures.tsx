import type { ReactNode } from 'react';
import { useChat } from '../stores';
import type { TurnFigures } from '../store/conversation';

const NONE: TurnFigures = {};

/** Figures of the last turn, running or over. */
export function useLastFigures(): TurnFigures {
  return useChat(({ order, messages }) => {
    const last = messages[order.at(-1) ?? ''];
    return last?.role === 'assistant' ? last.figures : NONE;
  });
}

interface FigureProps {
  readonly label: string;
  readonly text: string;
  /** The raw number behind the text. */
  readonly value?: number | undefined;
  readonly testId?: string;
  /** Class of the colour that stands for it in a bar nearby. */
  readonly swatch?: string;
}

/** `inset`: a part of the row above. */
export function FigureRow({ inset = false, ...props }: FigureProps & { readonly inset?: boolean }) {
  return <Figure {...props} className={inset ? 'figure-row figure-inset' : 'figure-row'} />;
}

/** The two figures that a panel is about. */
export function Totals({ children }: { readonly children: ReactNode }) {
  return <dl className="totals">{children}</dl>;
}

export function Figure({
  label,
  text,
  value,
  testId,
  swatch,
  className,
}: FigureProps & { className?: string }) {
  return (
    <div className={className}>
      <dt>
        {swatch !== undefined && <span className={`swatch ${swatch}`} aria-hidden="true" />}
        {label}
      </dt>
      <dd data-value={value ?? ''} data-testid={testId}>
        {text}
      </dd>
    </div>
  );
}
