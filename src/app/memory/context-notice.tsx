import type { ModelInfo } from '../../protocol';
import { focusComposer } from '../chat/focus-composer';
import { formatCount, formatTokens } from '../format';
import { useChat } from '../stores';
import { VerdictMark } from './memory-verdict';

interface ContextNoticeProps {
  readonly tokens: number;
  readonly model: Pick<ModelInfo, 'contextLength'>;
}

/** The coming prompt leaves little room for an answer. */
export function NearlyFull({ tokens, model }: ContextNoticeProps) {
  return (
    <p className="next-turn" role="status" data-testid="next-turn" data-verdict="near">
      <VerdictMark verdict="tight" />
      <span>
        <strong>The context is nearly full.</strong> About {formatTokens(model.contextLength - tokens)} are
        left for the answer.
      </span>
    </p>
  );
}

/** The coming prompt is more than the model can read: Send is off until something is taken out, by the visitor's choice. */
export function OverContext({ tokens, model }: ContextNoticeProps) {
  const documents = useChat((state) => state.documents);
  const messages = useChat(({ order }) => order.length);
  const { detach, forgetFirst, newChat } = useActions();
  return (
    <div className="next-turn" role="status" data-testid="next-turn" data-verdict="context">
      <VerdictMark verdict="too-big" />
      <div>
        <p>
          <strong>Too long to send.</strong> This would be about {formatTokens(tokens)}, and the model reads
          at most {formatCount(model.contextLength - 1)}. Nothing is cut to fit
          {documents.length === 0 && messages === 0
            ? ': shorten the question.'
            : '; taking something out helps.'}
        </p>
        <p className="next-turn-offers">
          {documents.map(({ id, name, tokens: size }) => (
            <Offer key={id} testId="remove-document" act={() => detach(id)}>
              Remove {name}
              {size !== undefined && ` (${formatTokens(size)})`}
            </Offer>
          ))}
          {messages > 2 && (
            <Offer testId="forget-first" act={forgetFirst}>
              Delete the first question and its answer
            </Offer>
          )}
          {messages > 0 && (
            <Offer testId="shorter-chat" act={newChat}>
              Start a new chat
            </Offer>
          )}
        </p>
      </div>
    </div>
  );
}

function useActions() {
  const detach = useChat((state) => state.detach);
  const forgetFirst = useChat((state) => state.forgetFirst);
  const newChat = useChat((state) => state.newChat);
  return { detach, forgetFirst, newChat };
}

interface OfferProps {
  readonly testId: string;
  readonly act: () => void;
  readonly children: React.ReactNode;
}

function Offer({ testId, act, children }: OfferProps) {
  const onClick = () => {
    act();
    focusComposer(); // The button may go with what it took out.
  };
  return (
    <button type="button" className="text-button" data-testid={testId} onClick={onClick}>
      {children}
    </button>
  );
}
