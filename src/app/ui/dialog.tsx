import { useLayoutEffect, useRef, type ReactNode } from 'react';
import { CloseButton } from './close-button';
import './dialog.css';

interface DialogProps {
  readonly title: string;
  /** Small, beside the title. */
  readonly detail?: string;
  readonly testId: string;
  readonly bodyClass?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A modal dialog for as long as it is rendered: Esc, the cross and a click beside it close it. */
export function Dialog({ title, detail, testId, bodyClass, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  // Closed before it is taken away, so that the focus goes back to where it came from.
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-label={title}
      data-testid={testId}
      onClose={onClose}
      // The dialog has no padding of its own, so a click on the element itself is one on the backdrop.
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <header className="dialog-head">
        <h2>{title}</h2>
        {detail !== undefined && <p>{detail}</p>}
        <CloseButton label="Close" onClick={close} />
      </header>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <div className={`dialog-body ${bodyClass ?? ''}`} role="region" aria-label={title} tabIndex={0}>
        {children}
      </div>
    </dialog>
  );
}
