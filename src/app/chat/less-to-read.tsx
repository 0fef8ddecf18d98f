import type { MouseEvent, ReactNode } from 'react';
import { formatTokens } from '../format';
import { useChat } from '../stores';
import { focusComposer } from './focus-composer';

interface LessToReadProps {
  /** How many messages stand before the question that is too much. */
  readonly before: number;
  readonly className: 'button' | 'text-button';
}

/** What makes a prompt shorter: without a document, without the first turn, or without everything that was said. */
export function LessToRead({ before, className }: LessToReadProps) {
  const documents = useChat((state) => state.documents);
  const canForget = useChat(({ order }) => order.length > 2);
  const detach = useChat((state) => state.detach);
  const forgetFirst = useChat((state) => state.forgetFirst);
  const newChat = useChat((state) => state.newChat);
  return (
    <>
      {documents.map(({ id, name, tokens }) => (
        <Offer key={id} className={className} testId="remove-document" act={() => detach(id)}>
          Remove {name}
          {tokens !== undefined && ` (${formatTokens(tokens)})`}
        </Offer>
      ))}
      {canForget && (
        <Offer className={className} testId="forget-first" act={forgetFirst}>
          Delete the first question and its answer
        </Offer>
      )}
      {before > 0 && (
        <Offer className={className} testId="shorter-chat" act={newChat}>
          Start a new chat
        </Offer>
      )}
    </>
  );
}

interface OfferProps extends Pick<LessToReadProps, 'className'> {
  readonly testId: string;
  readonly act: () => void;
  readonly children: ReactNode;
}

function Offer({ className, testId, act, children }: OfferProps) {
  const busy = useChat((state) => state.activeId !== undefined);
  const onClick = (event: MouseEvent) => {
    act();
    focusComposer(event); // The button may go with what it took out.
  };
  return (
    <button type="button" className={className} data-testid={testId} disabled={busy} onClick={onClick}>
      {children}
    </button>
  );
}
