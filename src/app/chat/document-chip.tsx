import { Icon } from '../icons';
import type { AttachedDocument } from '../store/conversation';
import { useChat, usePreview } from '../stores';
import { describe } from './describe-document';
import './document.css';

/** A document of the conversation: opens to be read, and can be taken out from the next turn on. */
export function DocumentChip({ document }: { readonly document: AttachedDocument }) {
  const open = usePreview((state) => state.open);
  const detach = useChat((state) => state.detach);
  const { id, name } = document;
  return (
    <div className="document">
      <div className="document-chip" data-testid="document-chip">
        <button type="button" className="document-open" onClick={() => open(id)}>
          <Icon name="document" />
          <span className="document-name">{name}</span>
          <span className="document-size">{describe(document)}</span>
          <span className="visually-hidden">: read the text</span>
        </button>
        <RemoveButton label={`Remove ${name}`} testId="document-remove" onRemove={() => detach(id)} />
      </div>
    </div>
  );
}

interface RemoveButtonProps {
  readonly label: string;
  readonly testId: string;
  readonly onRemove: () => void;
}

export function RemoveButton({ label, testId, onRemove }: RemoveButtonProps) {
  return (
    <button
      type="button"
      className="document-remove"
      aria-label={label}
      data-testid={testId}
      onClick={onRemove}
    >
      <Icon name="close" />
    </button>
  );
}
