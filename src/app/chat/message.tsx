import { memo } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { formatPercent, formatTokens } from '../format';
import { AnswerText } from '../markdown/answer-text';
import type { AssistantMessage, UserMessage } from '../store/conversation';
import { answerOf } from '../store/reasoning';
import { useChat, useOutline } from '../stores';
import { AnswerFigures } from './answer-figures';
import { DocumentChip } from './document-chip';
import { EditQuestion } from './edit-question';
import { Continue } from './continue';
import { MessageActions } from './message-actions';
import { Reading } from './reading';
import { Reasoning } from './reasoning';
import { TurnError } from './turn-error';

/**
 * Selects its own message only, so a streamed token draws one message and not the transcript. Whatever else it and its parts
 * select is of the outline.
 */
export const Message = memo(function Message({ id }: { readonly id: string }) {
  const message = useChat((state) => state.messages[id]);
  const editing = useOutline(({ editingId }) => editingId === id);
  if (message === undefined) return null;
  return (
    <li className={`message message-${message.role}`} data-testid="message" data-role={message.role}>
      {message.role === 'user' ? (
        <Question key={id} message={message} />
      ) : (
        <Answer key={id} message={message} />
      )}
      {!editing && <MessageActions message={message} />}
    </li>
  );
});

function Question({ message }: { readonly message: UserMessage }) {
  const documents = useOutline(
    useShallow((state) => state.documents.filter(({ id }) => message.documentIds.includes(id))),
  );
  const editing = useOutline(({ editingId }) => editingId === message.id);
  return (
    <>
      <h2 className="visually-hidden">You</h2>
      {documents.length > 0 && (
        <div className="documents">
          {documents.map((document) => (
            <DocumentChip key={document.id} document={document} />
          ))}
        </div>
      )}
      {editing ? <EditQuestion message={message} /> : <p className="question">{message.question}</p>}
    </>
  );
}

function Answer({ message }: { readonly message: AssistantMessage }) {
  const { answer, text, figures } = message;
  const said = answerOf(text);
  const running = answer.state === 'reading' || answer.state === 'writing';
  return (
    <article aria-busy={running} data-testid="answer" data-state={answer.state}>
      <h2 className="visually-hidden">Answer</h2>
      <Reasoning message={message} />
      {said !== '' && <AnswerText text={said} running={answer.state === 'writing'} />}
      {answer.state === 'reading' && <Reading message={message} />}
      {answer.state === 'writing' && text === '' && <p className="answer-note">Writing…</p>}
      {answer.state === 'done' && <Ending message={message} stopReason={answer.stopReason} />}
      {answer.state === 'failed' && <TurnError message={message} error={answer.error} />}
      {answer.state !== 'reading' && <AnswerFigures figures={figures} />}
    </article>
  );
}

interface EndingProps {
  readonly message: AssistantMessage;
  readonly stopReason: Extract<AssistantMessage['answer'], { state: 'done' }>['stopReason'];
}

/** Said of every answer that did not end by itself. */
function Ending({ message, stopReason }: EndingProps) {
  switch (stopReason) {
    case 'end':
      return message.text === '' ? <p className="answer-note">The model gave an empty answer.</p> : null;
    case 'stopped':
      return (
        <p className="answer-note" data-testid="stopped">
          {message.text === '' ? stoppedBeforeWriting(message) : 'Stopped'}
          <Continue message={message} />
        </p>
      );
    case 'interrupted':
      return (
        <p className="answer-note" data-testid="interrupted">
          Interrupted: the page was closed before the answer was complete.
          <Continue message={message} />
        </p>
      );
    case 'length':
      return (
        <p className="answer-note">
          Cut off after {formatTokens(message.figures.newTokens)}, the most written at a time.
          <Continue message={message} />
        </p>
      );
    case 'context':
      return <p className="answer-note">Cut off: the chat fills the model’s context.</p>;
  }
}

function stoppedBeforeWriting({ figures: { stoppedAt } }: AssistantMessage): string {
  if (stoppedAt === undefined) return 'Stopped before the first word.';
  return `Stopped at ${formatPercent(stoppedAt)} of the reading.`;
}
