/** What is told beside the composer. What can be undone waits below what is told after it, and is offered again then. */
import type { Get, Set } from './chat-store';

export interface Undo {
  readonly label: string;
  /** It is no matter of the shown conversation: showing another does not end it. */
  readonly outlasts?: boolean;
  run(): void;
}

/** Something to tell the visitor beside the composer, and how to take it back where it can be. */
export interface Notice {
  readonly text: string;
  readonly undo: Undo | undefined;
  readonly isError: boolean;
  /** The last one before it that can still be undone. */
  readonly earlier: Notice | undefined;
}

export interface NoticeActions {
  say(text: string, undo?: Undo): void;
  /** That something went wrong. */
  sayError(text: string): void;
  /** With all that could have been undone; of what cannot be undone itself, that alone. */
  dismissNotice(): void;
}

export function noticeActions(set: Set, get: Get): NoticeActions {
  const tell = (notice: Omit<Notice, 'earlier'>) => {
    set({ notice: { ...notice, earlier: undoable(get().notice) } });
  };
  return {
    say(text, undo) {
      const run = () => {
        const { notice } = get();
        if (notice?.undo === own) set({ notice: notice?.earlier });
        undo?.run();
      };
      const own = undo && { ...undo, run };
      tell({ text, undo: own, isError: false });
    },

    sayError: (text) => tell({ text, undo: undefined, isError: true }),

    dismissNotice: () => set({ notice: get().notice?.undo ? undefined : get().notice?.earlier }),
  };
}

/** The one that can be undone next. */
export const undoable = (notice: Notice | undefined): Notice | undefined =>
  notice?.undo ? notice : notice?.earlier;

/** Without those that another conversation has no use for. */
export function outlasting(notice: Notice | undefined): Notice | undefined {
  if (notice === undefined) return undefined;
  const earlier = outlasting(notice.earlier);
  return notice.undo?.outlasts ? { ...notice, earlier } : earlier;
}

/** How many can be undone after this one. */
export const countEarlier = (notice: Notice | undefined): number =>
  notice?.earlier === undefined ? 0 : 1 + countEarlier(notice.earlier);
