import type { MouseEvent } from 'react';
import { flushSync } from 'react-dom';
import { countEarlier, newsOf, undoable, type Notice as NoticeData } from '../store/notices';
import { useChat } from '../stores';
import { Notice } from '../ui/notice';
import { focusComposer } from './focus-composer';

/** What the page has to say of what was just done, and below it the way to take back what can be. */
export function NoticeBar() {
  const news = useChat((state) => newsOf(state.notice));
  const dismiss = useChat((state) => state.dismissNews);
  return (
    <>
      <Notice
        text={news?.text}
        isError={news?.isError === true}
        testId="notice"
        onDismiss={(event) => press(event, dismiss)}
      />
      <UndoNotice />
    </>
  );
}

/** A notice of its own, so that news neither hides it nor has it read aloud again. */
function UndoNotice() {
  const notice = useChat((state) => undoable(state.notice));
  const dismiss = useChat((state) => state.dismissUndo);
  return (
    <Notice
      text={notice && textOf(notice)}
      isError={false}
      testId="undo-notice"
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

function textOf(notice: NoticeData): string {
  const earlier = countEarlier(notice);
  return earlier === 0 ? notice.text : `${notice.text} ${earlier} more to undo.`;
}

/** The button goes with the notice, unless there is more to undo. */
function press(event: MouseEvent<HTMLElement>, act: () => void): void {
  const button = event.currentTarget;
  const drawer = button.closest('dialog');
  flushSync(act);
  if (button.isConnected) return;
  if (drawer) drawer.focus();
  else focusComposer(event);
}
