/** What is told beside the composer: the last news or error, and below it what can be undone, the last first. */
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
  /** What cannot be undone: the offer to undo what was before it stays. */
  dismissNews(): void;
  /** All that could have been undone: the news above it stays. */
  dismissUndo(): void;
}

export function noticeActions(set: Set, get: Get): NoticeActions {
  const tell = (notice: Omit<Notice, 'earlier'>) => {
    set({ notice: { ...notice, earlier: undoable(get().notice) } });
  };
  return {
    say(text, undo) {
      const run = () => {
        set({ notice: without(get().notice, own) });
        undo?.run();
      };
      const own = undo && { ...undo, run };
      tell({ text, undo: own, isError: false });
    },

    sayError: (text) => tell({ text, undo: undefined, isError: true }),

    dismissNews: () => set({ notice: undoable(get().notice) }),

    dismissUndo: () => set({ notice: withEarlier(newsOf(get().notice), undefined) }),
  };
}

/** The one that can be undone next. */
export const undoable = (notice: Notice | undefined): Notice | undefined =>
  notice?.undo ? notice : notice?.earlier;

/** The one that tells something that cannot be undone: only ever the last. */
export const newsOf = (notice: Notice | undefined): Notice | undefined => (notice?.undo ? undefined : notice);

const withEarlier = (notice: Notice | undefined, earlier: Notice | undefined): Notice | undefined =>
  notice && { ...notice, earlier };

/** Without the one that is undone, which is the next: it may stand below news. */
function without(notice: Notice | undefined, undone: Undo | undefined): Notice | undefined {
  const next = undoable(notice);
  if (next?.undo !== undone) return notice;
  return next === notice ? next?.earlier : withEarlier(notice, next?.earlier);
}

/** Without those that another conversation has no use for. */
export function outlasting(notice: Notice | undefined): Notice | undefined {
  if (notice === undefined) return undefined;
  const earlier = outlasting(notice.earlier);
  return notice.undo?.outlasts ? { ...notice, earlier } : earlier;
}

/** How many can be undone after this one. */
export const countEarlier = (notice: Notice | undefined): number =>
  notice?.earlier === undefined ? 0 : 1 + countEarlier(notice.earlier);
