/** A conversation that was left while it was answered: the engine goes on there, and the page shows another meanwhile. */
import type { ChatState, Get, Set } from './chat-store';
import type { Conversation } from './conversation';

export interface Away {
  readonly conversation: Conversation;
  /** Undefined once the answer is done. */
  readonly activeId: string | undefined;
}

type Running = Pick<ChatState, 'id' | 'activeId' | 'away'>;

/** The answer that the engine is at, whichever conversation is shown. */
export const runningId = ({ activeId, away }: Omit<Running, 'id'>): string | undefined =>
  activeId ?? away?.activeId;

export const isAnsweredAway = ({ away }: Pick<Running, 'away'>, id: string): boolean =>
  away?.activeId !== undefined && away.conversation.id === id;

/** Whether this page's engine answers in a conversation, shown or not. */
export const isAnswering = (state: Running, id: string): boolean =>
  (state.id === id && state.activeId !== undefined) || isAnsweredAway(state, id);

/** The conversation of a running answer, wherever it is; undefined where it is not to go on. */
export function homeOf(state: ChatState, answerId: string): Conversation | undefined {
  if (state.activeId === answerId) return state;
  return state.away?.activeId === answerId ? state.away.conversation : undefined;
}

/** Changes the conversation of a running answer; with `isOver` that was its last change. */
export function changeHome(
  [set, get]: readonly [Set, Get],
  answerId: string,
  change: Partial<Conversation> & Pick<Partial<ChatState>, 'memory'>,
  isOver = false,
): void {
  const { id, activeId, away, memory: was } = get();
  const now = isOver ? undefined : answerId;
  const { memory = was, ...own } = change;
  const reported = (of: string) => (memory === was ? {} : { memory, memoryOf: of });
  const rest = isOver ? { stopping: false } : {};
  if (activeId === answerId) set({ ...own, ...reported(id), ...rest, activeId: now });
  else if (away?.activeId === answerId) {
    const conversation = { ...away.conversation, ...own };
    set({ away: { conversation, activeId: now }, ...reported(conversation.id), ...rest });
  }
}
