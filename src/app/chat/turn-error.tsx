import type { EngineFailure } from '../../protocol';
import { formatNumbersIn } from '../format';
import { useChat, useIsFree } from '../stores';

/**
 * A turn that failed, where its answer would stand. The question is not lost: ask again, where that can help, or
 * change it first.
 */
export function TurnError({ id, error }: { readonly id: string; readonly error: EngineFailure }) {
  const retry = useChat((state) => state.retry);
  const editQuestion = useChat((state) => state.editQuestion);
  const busy = useChat((state) => state.activeId !== undefined);
  const free = useIsFree();
  const isLast = useChat((state) => state.order.at(-1) === id);
  const tooLong = error.code === 'context-exceeded';
  return (
    <div className="problem turn-error" data-testid="error" data-code={error.code}>
      <p>{formatNumbersIn(error.message)}</p>
      {/* A name to search for; what was simply too much needs none. */}
      {!tooLong && (
        <p className="problem-code">
          <code>{error.code}</code>
        </p>
      )}
      {isLast && (
        <p className="turn-error-actions">
          {tooLong ? (
            <LessToRead id={id} />
          ) : (
            <button
              type="button"
              className="button"
              data-testid="retry"
              disabled={!free}
              onClick={() => void retry(id)}
            >
              Ask again
            </button>
          )}
          <button
            type="button"
            className="button"
            data-testid="edit-question"
            disabled={busy}
            onClick={() => editQuestion(id)}
          >
            Change the question
          </button>
        </p>
      )}
    </div>
  );
}

/** What makes a prompt shorter: without its document, or without the conversation before it. */
function LessToRead({ id }: { readonly id: string }) {
  const isFirst = useChat(({ order }) => order.indexOf(id) === 1);
  const hasDocument = useChat(({ document }) => document !== undefined);
  const busy = useChat((state) => state.activeId !== undefined);
  const removeDocument = useChat((state) => state.removeDocument);
  const newChat = useChat((state) => state.newChat);
  if (isFirst && !hasDocument) return null;
  return (
    <button
      type="button"
      className="button"
      data-testid={isFirst ? 'remove-document' : 'shorter-chat'}
      disabled={busy}
      onClick={() => (isFirst ? removeDocument(id) : newChat())}
    >
      {isFirst ? 'Remove the document' : 'Start a new chat'}
    </button>
  );
}
