import { NextTurnNotice } from '../memory/next-turn';
import { LibraryNotice } from '../library/library-notice';
import { ReopenNotice } from '../library/remembered-models';
import { ModelNotice } from '../models/model-notice';
import { UpdateNotice } from '../update-notice';
import './chat.css';
import { Composer } from './composer';
import { NoticeBar } from './notice-bar';
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
