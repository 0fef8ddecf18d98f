import { NextTurnNotice } from '../memory/next-turn';
import { LibraryNotice } from '../library/library-notice';
import { ReopenNotice } from '../library/remembered-models';
import { ModelNotice } from '../models/model-notice';
import { useChat } from '../stores';
import { UpdateNotice } from '../update-notice';
import './chat.css';
import { Composer } from './composer';
import { Transcript } from './transcript';

export function Chat() {
  return (
    <main className="chat">
      <Transcript />
      <div className="dock">
        <ModelNotice />
        <LibraryNotice />
        <UpdateNotice />
        <ReopenNotice />
        <NoticeBar />
        <NextTurnNotice />
        <Composer />
      </div>
    </main>
  );
}

function NoticeBar() {
  const notice = useChat((state) => state.notice);
  const dismiss = useChat((state) => state.dismissNotice);
  return (
    <div role="status" className="notice-region">
      {notice && (
        <div className="notice" data-testid="notice">
          <p>{notice.text}</p>
          {notice.undo && (
            <button
              type="button"
              className="text-button"
              data-testid="undo"
              onClick={() => notice.undo?.run()}
            >
              {notice.undo.label}
            </button>
          )}
          <button type="button" className="text-button" onClick={dismiss}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}
