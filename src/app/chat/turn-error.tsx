import type { EngineFailure } from '../../protocol';
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
  return (
    <div className="problem turn-error" data-testid="error" data-code={error.code}>
      <p>{error.message}</p>
      <p className="problem-code">
        <code>{error.code}</code>
      </p>
      {isLast && (
        <p className="turn-error-actions">
          {error.code !== 'context-exceeded' && (
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
