import { useState } from 'react';
import { formatCount, formatTokens } from '../format';
import { Icon } from '../icons';
import { isTooLong, type AttachedDocument } from '../store/conversation';
import { useLoadedModel } from '../stores';
import { Dialog } from '../ui/dialog';
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
      {model && isTooLong([document], model) && (
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
  const { name, tokens, text } = document;
  return (
    <Dialog
      title={name}
      {...(tokens !== undefined && { detail: formatTokens(tokens) })}
      testId="document-dialog"
      bodyClass="document-dialog-text"
      onClose={onClose}
    >
      {text}
    </Dialog>
  );
}
