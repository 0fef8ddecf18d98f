import { useShallow } from 'zustand/react/shallow';
import type { ChatState } from '../../store/chat-store';
import type { TurnFigures } from '../../store/conversation';
import { useChat } from '../../stores';

/** Ids of the answers shown, in their order: one a turn. */
export const useAnswerIds = (): readonly string[] =>
  useChat(useShallow(({ order, messages }) => order.filter((id) => messages[id]?.role === 'assistant')));

const RUNNING: TurnFigures = {};

type Shown = Pick<ChatState, 'order' | 'messages' | 'activeId'>;

/** Figures of every turn shown. Those of a running one change with every token, and are told once it is over. */
export const turnsOf = ({ order, messages, activeId }: Shown): readonly TurnFigures[] =>
  order.flatMap((id) => {
    const message = messages[id];
    if (message?.role !== 'assistant') return [];
    return id === activeId ? RUNNING : message.figures;
  });

export const useTurns = (): readonly TurnFigures[] => useChat(useShallow(turnsOf));
