/** Which tokens of the last prompt went on and which stayed, fetched once a turn is over. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { SelectionReport } from '../../protocol';
import { homeOf, runningId } from './away';
import type { ChatStore } from './chat-store';
import type { KvStore } from './kv-store';
import type { ModelStore } from './model-store';

export interface SelectionState {
  /** The answer it was made for: in another conversation it says nothing. */
  readonly answerId: string | undefined;
  readonly report: SelectionReport | undefined;
}

export type SelectionStore = StoreApi<SelectionState>;

const NONE: SelectionState = { answerId: undefined, report: undefined };

export function createSelectionStore(model: ModelStore, chat: ChatStore, kv: KvStore): SelectionStore {
  const store = createStore<SelectionState>()(() => NONE);

  const fetchFor = async (answerId: string) => {
    const { status } = model.getState();
    if (status.state !== 'ready') return;
    // An engine that dies meanwhile takes the report with it.
    const report = await status.api.selection().catch(() => undefined);
    const now = model.getState().status;
    if (report !== undefined && now.state === 'ready' && now.api === status.api) {
      store.setState({ answerId, report });
    }
  };

  chat.subscribe((now, before) => {
    const ended = runningId(before);
    if (ended === undefined || ended === runningId(now)) return;
    // It stands there as it ended, shown or not.
    const message = homeOf(before, ended)?.messages[ended];
    // One that was stopped while reading has selected nothing, and a failed one neither.
    if (message?.role !== 'assistant' || message.answer.state !== 'done') return;
    if (message.figures.ttft !== undefined) void fetchFor(ended);
  });
  model.subscribe(({ status }) => {
    if (status.state !== 'ready') store.setState(NONE);
  });
  kv.subscribe(({ calibration }, before) => {
    // Calibrating reads other prompts, and what was known of the last one is gone.
    if (calibration.state === 'running' && before.calibration.state !== 'running') store.setState(NONE);
  });
  return store;
}
