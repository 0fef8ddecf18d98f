import type { EngineFailure } from '../../protocol';
import { formatNumbersIn } from '../format';
import { Continue } from './continue';
import { LessToRead } from './less-to-read';
import type { AssistantMessage } from '../store/conversation';
import { useCanAsk, useChat } from '../stores';

/**
 * A turn that failed, where its answer would stand. The question is not lost: ask again, where that can help, or
 * change it first.
 */
export function TurnError({ message, error }: TurnErrorProps) {
  const { id, parentId = '' } = message;
  const regenerate = useChat((state) => state.regenerate);
  const beginEdit = useChat((state) => state.beginEdit);
  const busy = useChat((state) => state.activeId !== undefined);
  const canAsk = useCanAsk();
  const isLast = useChat((state) => state.order.at(-1) === id);
  const before = useChat(({ order }) => order.length - 2);
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
          {tooLong && <LessToRead before={before} className="button" />}
          <button
            type="button"
            className="button"
            data-testid="retry"
            disabled={!canAsk}
            onClick={() => void regenerate(id)}
          >
            Try again
          </button>
          <Continue message={message} />
          <button
            type="button"
            className="button"
            data-testid="edit-question"
            disabled={busy}
            onClick={() => beginEdit(parentId)}
          >
            Edit the question
          </button>
        </p>
      )}
    </div>
  );
}

interface TurnErrorProps {
  readonly message: AssistantMessage;
  readonly error: EngineFailure;
}
