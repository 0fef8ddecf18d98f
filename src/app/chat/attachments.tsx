import { useMemo, useRef } from 'react';
import { formatPercent } from '../format';
import { Icon } from '../icons';
import type { IncomingFile } from '../store/attachments-store';
import { pendingDocuments } from '../store/conversation';
import { useAttachments, useOutline, useStores } from '../stores';
import { DocumentChip, RemoveButton } from './document-chip';
import { focusComposer } from './focus-composer';

/** Looked for when documents or the path change: what a question has brought stays so. */
function usePendingDocuments() {
  const { chat } = useStores();
  const documents = useOutline((outline) => outline.documents);
  const order = useOutline((outline) => outline.order);
  return useMemo(
    () => pendingDocuments({ documents, order, messages: chat.getState().messages }),
    [documents, order, chat],
  );
}

/** What goes with the next question: documents, files that are being read, and what was wrong with others. */
export function Attachments() {
  const documents = usePendingDocuments();
  const incoming = useAttachments((state) => state.incoming);
  const dismissFailed = useAttachments((state) => state.dismissFailed);
  const failed = incoming.filter(({ state }) => state === 'failed');
  return (
    <>
      {documents.length > 0 && (
        <div className="documents">
          {documents.map((document) => (
            <DocumentChip key={document.id} document={document} />
          ))}
        </div>
      )}
      {/* There before it has anything to say, or it would not be heard. */}
      <div className="documents" role="status" data-testid="incoming">
        {incoming.map((file) => (
          <IncomingChip key={file.id} file={file} />
        ))}
      </div>
      {/* Not in the list, which scrolls. */}
      {failed.length > 1 && (
        <button
          type="button"
          className="text-button dismiss-all"
          data-testid="incoming-dismiss-all"
          onClick={(event) => {
            focusComposer(event); // The button goes with what it closes.
            dismissFailed();
          }}
        >
          Dismiss all {failed.length}
        </button>
      )}
    </>
  );
}

function IncomingChip({ file }: { readonly file: IncomingFile }) {
  const dismiss = useAttachments((state) => state.dismiss);
  const { id, name } = file;
  const failed = file.state === 'failed';
  return (
    <div className="document">
      <div className="document-chip incoming" data-testid="incoming-file" data-state={file.state}>
        {failed ? (
          <p className="incoming-failed">{file.message}</p>
        ) : (
          <p className="incoming-reading">
            <Icon name="document" />
            <span className="document-name">{name}</span>
            <span className="document-size" aria-hidden="true">
              {file.share === undefined ? 'reading' : `reading ${formatPercent(file.share)}`}
            </span>
          </p>
        )}
        <RemoveButton
          label={failed ? `Dismiss the message about ${name}` : `Stop reading ${name}`}
          testId="incoming-dismiss"
          onRemove={() => dismiss(id)}
        />
        {!failed && (
          <progress
            aria-label={`Reading ${name}`}
            max={1}
            {...(file.share !== undefined && { value: file.share })}
          />
        )}
      </div>
    </div>
  );
}

export function AttachButton() {
  const picker = useRef<HTMLInputElement>(null);
  const attachFiles = useAttachments((state) => state.attachFiles);
  return (
    <>
      <button
        type="button"
        className="quiet-button"
        title="Attach documents"
        aria-label="Attach documents"
        data-testid="attach"
        onClick={() => picker.current?.click()}
      >
        <Icon name="attach" />
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        data-testid="file-input"
        onChange={({ target }) => {
          void attachFiles([...(target.files ?? [])]);
          target.value = ''; // So that choosing the same file again is a change too.
        }}
      />
    </>
  );
}
