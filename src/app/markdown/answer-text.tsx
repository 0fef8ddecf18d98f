import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { BlockView } from './block-view';
import { splitBlocks } from './blocks';
import './markdown.css';

interface AnswerTextProps {
  /** Markdown. */
  readonly text: string;
  /** More is to come. */
  readonly running: boolean;
  readonly testId?: string;
}

/** Blocks from which on those out of sight are not laid out. */
const LONG = 30;

/** An answer as its Markdown means it. What is written already is parsed once, however long it goes on. */
export const AnswerText = memo(function AnswerText({
  text,
  running,
  testId = 'answer-text',
}: AnswerTextProps) {
  const shown = useOnceAFrame(text, running);
  const blocks = useMemo(() => splitBlocks(shown), [shown]);
  return (
    <div
      className="answer-text"
      data-testid={testId}
      data-growing={running || undefined}
      data-long={blocks.length > LONG || undefined}
    >
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} growing={running && index === blocks.length - 1} />
      ))}
    </div>
  );
});

/** A text that grows, followed frame by frame, however many changes come in one; at its end it is there at once. */
function useOnceAFrame(text: string, running: boolean): string {
  const [shown, setShown] = useState(text);
  const latest = useRef(text);
  const frame = useRef<number>(undefined);
  useEffect(() => {
    latest.current = text;
    if (!running) return;
    frame.current ??= requestAnimationFrame(() => {
      frame.current = undefined;
      setShown(latest.current);
    });
  }, [text, running]);
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), []);
  return running ? shown : text;
}
