import { useLayoutEffect, useRef, useState } from 'react';
import { formatCount, formatTokens } from '../format';
import { Icon } from '../icons';
import { isTooLong, type AttachedDocument } from '../store/conversation';
import { useLoadedModel } from '../stores';
import './document.css';

interface DocumentChipProps {
  readonly document: AttachedDocument;
  /** Absent where it can no longer be taken off. */
  readonly onRemove?: () => void;
}

export function DocumentChip({ document, onRemove }: DocumentChipProps) {
  const [reading, setReading] = useState(false);
  const model = useLoadedModel();
  const { name, tokens } = document;
  return (
    <div className="document">
      <div className="document-chip" data-testid="document-chip">
        <button type="button" className="document-open" onClick={() => setReading(true)}>
          <Icon name="document" />
          <span className="document-name">{name}</span>
          <span className="document-size">
            {tokens === undefined ? 'not counted yet' : formatTokens(tokens)}
          </span>
          <span className="visually-hidden">: read the text</span>
        </button>
        {onRemove && (
          <button
            type="button"
            className="document-remove"
            aria-label={`Remove ${name}`}
            data-testid="document-remove"
            onClick={onRemove}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      {model && isTooLong(document, model) && (
        <p className="document-warning" data-testid="document-too-long">
          This model reads at most {formatCount(model.contextLength - 1)} tokens, document and conversation
          together. Attach a shorter one instead.
          {onRemove && (
            <button type="button" className="text-button" data-testid="remove-document" onClick={onRemove}>
              Remove the document
            </button>
          )}
        </p>
      )}
      {/* Only while it is read: a book's worth of text has no place in a closed dialog. */}
      {reading && <DocumentDialog document={document} onClose={() => setReading(false)} />}
    </div>
  );
}

interface DocumentDialogProps {
  readonly document: AttachedDocument;
  readonly onClose: () => void;
}

function DocumentDialog({ document, onClose }: DocumentDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  // Closed before it is taken away, so that the focus goes back to where it came from.
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      className="document-dialog"
      aria-label={document.name}
      data-testid="document-dialog"
      onClose={onClose}
      // The dialog has no padding of its own, so a click on the element itself is one on the backdrop.
      onClick={(event) => event.target === event.currentTarget && close()}
    >
      <header className="document-dialog-head">
        <h2>{document.name}</h2>
        <p>{document.tokens === undefined ? '' : formatTokens(document.tokens)}</p>
        <button type="button" className="quiet-button" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      {/* Focusable, so that it can be scrolled with the keyboard. */}
      <div
        className="document-dialog-text"
        role="region"
        aria-label={`Text of ${document.name}`}
        tabIndex={0}
      >
        {document.text}
      </div>
    </dialog>
  );
}
