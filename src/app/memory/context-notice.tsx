import type { ModelInfo } from '../../protocol';
import { LessToRead } from '../chat/less-to-read';
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
  const documents = useChat((state) => state.documents.length);
  const messages = useChat(({ order }) => order.length);
  return (
    <div className="next-turn" role="status" data-testid="next-turn" data-verdict="context">
      <VerdictMark verdict="too-big" />
      <div>
        <p>
          <strong>Too long to send.</strong> This would be about {formatTokens(tokens)}, and the model reads
          at most {formatCount(model.contextLength - 1)}. Nothing is cut to fit
          {documents === 0 && messages === 0 ? ': shorten the question.' : '; take something out.'}
        </p>
        <p className="next-turn-offers">
          <LessToRead before={messages} className="text-button" />
        </p>
      </div>
    </div>
  );
}
