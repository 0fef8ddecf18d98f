/** What a screen reader is told: the state of a turn when it changes, and the answer sentence by sentence. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ChatStore } from './chat-store';
import type { AssistantMessage } from './conversation';
import type { KvStore } from './kv-store';
import { plainText } from './plain-text';
import { answerOf, splitReasoning } from './reasoning';

export interface Announcement {
  readonly text: string;
}

/** The end of a sentence, with marks of Markdown behind it, or of a line. The number of an item ends nothing. */
const END = /(?<!(?:^|\n)[ \t]*\d+)[.!?…][)"'”’*_`]*(?=\s)|\n/g;

/**
 * How much of `text` can be spoken: up to its last finished sentence, or all of it once nothing more comes. What was
 * spoken before is not looked at again, as this is asked at every token.
 */
export function speakableLength(text: string, spoken: number, finished: boolean): number {
  if (finished) return text.length;
  let end = spoken;
  END.lastIndex = spoken;
  for (let match = END.exec(text); match; match = END.exec(text)) end = END.lastIndex;
  return end;
}

export function createAnnouncer(chat: ChatStore, kv: KvStore): StoreApi<Announcement> {
  const store = createStore<Announcement>()(() => ({ text: '' }));
  let followed: string | undefined;
  let spoken = 0;
  let lastState: string | undefined;
  let thinking = false;

  const say = (text: string) => store.setState({ text });
  const follow = (message: AssistantMessage) => {
    const { answer } = message;
    const { answer: text, isOpen } = splitReasoning(message.text);
    const changed = answer.state !== lastState;
    lastState = answer.state;
    if (answer.state === 'failed') {
      if (changed) say(`No answer: ${answer.error.message}`);
      return;
    }
    if (changed && answer.state === 'reading') say('Reading.');
    // Not what it thinks: that is aside from the answer, and often many times as long.
    if (isOpen && !thinking) say('Thinking.');
    thinking = isOpen;
    const end = speakableLength(text, spoken, answer.state === 'done');
    const sentence = plainText(text.slice(spoken, end));
    spoken = Math.max(spoken, end);
    const stopped = changed && answer.state === 'done' && answer.stopReason === 'stopped';
    if (sentence !== '' || stopped) say(`${sentence}${stopped ? ' Stopped.' : ''}`.trim());
  };

  chat.subscribe(({ activeId, messages }) => {
    if (activeId !== undefined && activeId !== followed) {
      followed = activeId;
      const begun = messages[activeId];
      // What is continued was heard before.
      spoken = begun?.role === 'assistant' ? answerOf(begun.text).length : 0;
      lastState = undefined;
      thinking = false;
    }
    const message = followed === undefined ? undefined : messages[followed];
    if (message?.role !== 'assistant') return;
    follow(message);
    if (activeId === undefined) followed = undefined;
  });
  kv.subscribe(({ calibration }, before) => {
    if (calibration.state === before.calibration.state) return;
    if (calibration.state === 'done')
      say(
        calibration.stopped
          ? 'Calibration stopped.'
          : `Calibrated: TSP layer ${calibration.result.suggested}.`,
      );
    if (calibration.state === 'failed') say(`The calibration failed. ${calibration.error.message}`);
  });
  return store;
}
