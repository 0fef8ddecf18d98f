/** What each turn took of memory while it ran: samples of the engine's reports, few enough to be drawn and kept. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { MemoryReport } from '../../protocol';
import { runningId } from './away';
import type { ChatStore } from './chat-store';

export interface MemorySample {
  /** Since the turn began. */
  readonly ms: number;
  readonly hotBytes: number;
  /** On the GPU: what is parked is elsewhere. */
  readonly trunkBytes: number;
  readonly scratchBytes: number;
  readonly weightsBytes: number;
  /** What a full cache would take for the same tokens. */
  readonly fullBytes: number;
}

export interface MemoryHistory {
  /** By the id of the answer that was read for or written; in the order of their beginning. */
  readonly byAnswer: ReadonlyMap<string, readonly MemorySample[]>;
}

export type MemoryHistoryStore = StoreApi<MemoryHistory>;

/** Reports come up to once a frame, which is more than a picture shows. */
const INTERVAL_MS = 100;
/** Of one turn; a longer one is sampled more sparsely. */
export const MOST_SAMPLES = 200;
export const MOST_TURNS = 100;

export function createMemoryHistory(chat: ChatStore, now = () => performance.now()): MemoryHistoryStore {
  const store = createStore<MemoryHistory>()(() => ({ byAnswer: new Map() }));
  let running: Running | undefined;

  const sample = (turn: Running, memory: MemoryReport) => {
    const { byAnswer } = store.getState();
    let samples = [...(byAnswer.get(turn.id) ?? []), sampleOf(memory, now() - turn.began)];
    if (samples.length > MOST_SAMPLES) {
      samples = samples.filter((_, index) => index % 2 === 0 || index === samples.length - 1);
      turn.intervalMs *= 2;
    }
    turn.left = undefined;
    const others = [...byAnswer].filter(([id]) => id !== turn.id);
    store.setState({ byAnswer: new Map([...others.slice(1 - MOST_TURNS), [turn.id, samples]]) });
  };
  const take = (turn: Running, memory: MemoryReport) => {
    const last = store.getState().byAnswer.get(turn.id)?.at(-1);
    if (last !== undefined && now() - turn.began - last.ms < turn.intervalMs) turn.left = memory;
    else sample(turn, memory);
  };

  /** A continued answer was sampled before, by a clock that began earlier. */
  const forget = (answerId: string | undefined) => {
    const { byAnswer } = store.getState();
    if (answerId !== undefined && byAnswer.has(answerId))
      store.setState({ byAnswer: new Map([...byAnswer].filter(([id]) => id !== answerId)) });
  };

  chat.subscribe((state, before) => {
    const { memory } = state;
    const id = runningId(state);
    if (id !== runningId(before)) {
      if (running?.left !== undefined) sample(running, running.left);
      forget(id);
      running = id === undefined ? undefined : { id, began: now(), intervalMs: INTERVAL_MS, left: undefined };
    }
    if (running !== undefined && memory !== undefined && memory !== before.memory) take(running, memory);
  });
  return store;
}

interface Running {
  /** Of the answer. */
  readonly id: string;
  readonly began: number;
  intervalMs: number;
  /** A report that came too soon after a sample: if it is the turn's last, it is what the turn ended with. */
  left: MemoryReport | undefined;
}

function sampleOf({ kv, scratchBytes, weightsBytes }: MemoryReport, ms: number): MemorySample {
  return {
    ms,
    hotBytes: kv.hotBytes,
    trunkBytes: kv.trunkBytes - kv.parkedBytes,
    scratchBytes,
    weightsBytes,
    fullBytes: kv.fullBytes,
  };
}
