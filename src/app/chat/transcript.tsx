import { Icon } from '../icons';
import { useChat } from '../stores';
import { Message } from './message';
import { NextQuestions } from './next-questions';
import './transcript.css';
import { useStickyScroll } from './use-sticky-scroll';
import { Welcome } from './welcome';

export function Transcript() {
  const order = useChat((state) => state.order);
  const { scroller, content, atBottom, jumpToBottom } = useStickyScroll(order.length);
  return (
    <div className="transcript-frame">
      {/* Focusable, so that it can be scrolled with the keyboard. Not live: the page has one live region. */}
      <div
        ref={scroller}
        className="transcript"
        role="region"
        aria-label="Chat"
        tabIndex={0}
        data-testid="transcript"
      >
        <div ref={content} className="transcript-content">
          {order.length === 0 ? (
            <Welcome />
          ) : (
            <>
              <ol className="messages">
                {/* By place, so that a button keeps the focus when another version takes the message's place. */}
                {order.map((id, place) => (
                  <Message key={place} id={id} />
                ))}
              </ol>
              <NextQuestions />
            </>
          )}
        </div>
      </div>
      {order.length > 0 && !atBottom && (
        <button type="button" className="jump-button" data-testid="jump" onClick={jumpToBottom}>
          <Icon name="down" />
          Jump to latest
        </button>
      )}
    </div>
  );
}
