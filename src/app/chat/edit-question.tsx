import { type KeyboardEvent, type SyntheticEvent } from 'react';
import { flushSync } from 'react-dom';
import type { UserMessage } from '../store/conversation';
import { useCanAsk, useChat } from '../stores';
import { focusComposer } from './focus-composer';
import { isComposing } from './is-composing';
import { useAutosize } from './use-autosize';

/**
 * A question's words in a box in its place. Sending makes a branch, so nothing that was answered is lost. Esc keeps what
 * was typed for the next time, and Cancel does not.
 */
export function EditQuestion({ message }: { readonly message: UserMessage }) {
  const text = useChat(({ edits }) => edits[message.id] ?? message.question);
  const setEdit = useChat((state) => state.setEdit);
  const resend = useChat((state) => state.resend);
  const closeEdit = useChat((state) => state.closeEdit);
  const cancelEdit = useChat((state) => state.cancelEdit);
  const canAsk = useCanAsk();
  const box = useAutosize(text);
  const off = !canAsk || text.trim() === '';

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (off) return;
    focusComposer();
    void resend(message.id, text);
  };
  /** The focus goes back to where the box was opened. */
  const close = ({ currentTarget }: SyntheticEvent<HTMLElement>, end: () => void) => {
    const place = currentTarget.closest('li');
    flushSync(end);
    place?.querySelector<HTMLElement>('[data-testid=edit]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (isComposing(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) submit(event);
    if (event.key === 'Escape') {
      event.preventDefault();
      close(event, closeEdit);
    }
  };
  return (
    <form className="edit-question" onSubmit={submit}>
      <textarea
        ref={box}
        className="composer-text"
        aria-label="Edit the question"
        data-testid="edit-box"
        rows={1}
        value={text}
        autoFocus
        onFocus={({ target }) => target.setSelectionRange(target.value.length, target.value.length)}
        onChange={({ target }) => setEdit(message.id, target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="edit-question-tools">
        <button
          type="button"
          className="quiet-button"
          data-testid="edit-cancel"
          onClick={(event) => close(event, cancelEdit)}
        >
          Cancel
        </button>
        <button type="submit" className="button" data-testid="edit-send" disabled={off}>
          Send
        </button>
      </div>
    </form>
  );
}
