import { memo } from 'react';
import { formatPercent, formatTokens } from '../format';
import type { AssistantMessage, UserMessage } from '../store/conversation';
import { useChat } from '../stores';
import { AnswerFigures } from './answer-figures';
import { DocumentChip } from './document-chip';
import { Reading } from './reading';
import { TurnError } from './turn-error';

interface MessageProps {
  readonly id: string;
  readonly isFirst: boolean;
}

/** Selects its own message only, so a streamed token draws one message and not the transcript. */
export const Message = memo(function Message({ id, isFirst }: MessageProps) {
  const message = useChat((state) => state.messages[id]);
  if (message === undefined) return null;
  return (
    <li className={`message message-${message.role}`} data-testid="message" data-role={message.role}>
      {message.role === 'user' ? (
        <Question message={message} isFirst={isFirst} />
      ) : (
        <Answer message={message} />
      )}
    </li>
  );
});

function Question({ message, isFirst }: { readonly message: UserMessage; readonly isFirst: boolean }) {
  const document = useChat((state) => (isFirst ? state.document : undefined));
  return (
    <>
      <h2 className="visually-hidden">You</h2>
      {document && <DocumentChip document={document} />}
      <p className="question">{message.question}</p>
    </>
  );
}

function Answer({ message }: { readonly message: AssistantMessage }) {
  const { answer, text, figures } = message;
  const running = answer.state === 'reading' || answer.state === 'writing';
  return (
    <article aria-busy={running} data-testid="answer" data-state={answer.state}>
      <h2 className="visually-hidden">Answer</h2>
      {text !== '' && (
        <p className="answer-text" data-testid="answer-text">
          {text}
          {answer.state === 'writing' && <span className="answer-caret" aria-hidden="true" />}
        </p>
      )}
      {answer.state === 'reading' && <Reading message={message} />}
      {answer.state === 'writing' && text === '' && <p className="answer-note">Writing…</p>}
      {answer.state === 'done' && <Ending message={message} stopReason={answer.stopReason} />}
      {answer.state === 'failed' && <TurnError id={message.id} error={answer.error} />}
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
      return message.text === '' ? <p className="answer-note">The model had nothing to say.</p> : null;
    case 'stopped':
      return (
        <p className="answer-note" data-testid="stopped">
          {message.text === '' ? stoppedBeforeWriting(message) : 'Stopped'}
        </p>
      );
    case 'length':
      return (
        <p className="answer-note">
          Cut off: {formatTokens(message.figures.newTokens)} is as long as answers get here.
        </p>
      );
    case 'context':
      return <p className="answer-note">Cut off: the conversation fills what this model can hold.</p>;
  }
}

function stoppedBeforeWriting({ figures: { stoppedAt } }: AssistantMessage): string {
  if (stoppedAt === undefined) return 'Stopped before the first word.';
  return `Stopped at ${formatPercent(stoppedAt)} of the reading.`;
}
