import { useState, type KeyboardEvent, type SyntheticEvent } from 'react';
import type { UserMessage } from '../store/conversation';
import { useCanAsk, useChat } from '../stores';
import { useAutosize } from './use-autosize';

/** A question's words in a box in its place. Sending makes a branch, so nothing that was answered is lost. */
export function EditQuestion({ message }: { readonly message: UserMessage }) {
  const [text, setText] = useState(message.question);
  const resend = useChat((state) => state.resend);
  const cancel = useChat((state) => state.cancelEdit);
  const canAsk = useCanAsk();
  const box = useAutosize(text);
  const off = !canAsk || text.trim() === '';

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!off) void resend(message.id, text);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) submit(event);
    if (event.key === 'Escape') {
      event.preventDefault();
      cancel();
    }
  };
  return (
    <form className="edit-question" onSubmit={submit}>
      <textarea
        ref={box}
        className="composer-text"
        aria-label="Change the question"
        data-testid="edit-box"
        rows={1}
        value={text}
        autoFocus
        onFocus={({ target }) => target.setSelectionRange(target.value.length, target.value.length)}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="edit-question-tools">
        <button type="button" className="quiet-button" data-testid="edit-cancel" onClick={cancel}>
          Cancel
        </button>
        <button type="submit" className="button" data-testid="edit-send" disabled={off}>
          Send
        </button>
      </div>
    </form>
  );
}
