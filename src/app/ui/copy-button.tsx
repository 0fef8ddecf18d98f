import { useEffect, useState } from 'react';
import { Icon } from '../icons';
import './copy-button.css';

interface CopyButtonProps {
  readonly text: string;
  /** What it copies: `Copy code`. */
  readonly label: string;
  readonly testId?: string;
}

const SHOWN_MS = 2000;
const SAID = { copied: 'Copied', failed: 'Could not copy' } as const;

/** Says in its own name how it went. */
export function CopyButton({ text, label, testId }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<keyof typeof SAID>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () =>
    // Without a secure context there is no clipboard at all, whatever its type says.
    Promise.resolve()
      .then(() => navigator.clipboard.writeText(text))
      .then(
        () => setOutcome('copied'),
        () => setOutcome('failed'),
      );
  const name = outcome === undefined ? label : SAID[outcome];
  return (
    <button
      type="button"
      className="quiet-button copy-button"
      aria-label={name}
      title={name}
      data-outcome={outcome}
      data-testid={testId}
      onClick={() => void copy()}
    >
      <Icon name={outcome === undefined ? 'copy' : outcome === 'copied' ? 'done' : 'close'} />
    </button>
  );
}
