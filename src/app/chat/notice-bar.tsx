import type { MouseEvent } from 'react';
import { flushSync } from 'react-dom';
import { useChat } from '../stores';
import { Notice } from '../ui/notice';
import { focusComposer } from './focus-composer';

/** What the page has to say of what was just done, and the way to take it back. */
export function NoticeBar() {
  const notice = useChat((state) => state.notice);
  const dismiss = useChat((state) => state.dismissNotice);
  return (
    <Notice
      text={notice?.text}
      isError={notice?.isError === true}
      testId="notice"
      onDismiss={(event) => press(event, dismiss)}
    >
      {notice?.undo && (
        <button
          type="button"
          className="text-button"
          data-testid="undo"
          onClick={(event) => press(event, () => notice.undo?.run())}
        >
          {notice.undo.label}
        </button>
      )}
    </Notice>
  );
}

/** The button goes with the notice. */
function press(event: MouseEvent<HTMLElement>, act: () => void): void {
  const drawer = event.currentTarget.closest('dialog');
  flushSync(act);
  if (drawer) drawer.focus();
  else focusComposer(event);
}
