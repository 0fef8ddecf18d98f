import { useEffect } from 'react';
import { isCalibrating, stopCalibration } from '../store/calibration';
import { useStores, type Stores } from '../stores';
import { shortcutOf, type ShortcutId } from './table';

/** In an open dialog keys belong to the dialog; but the drawer of a phone is what these two open. */
const IN_DRAWER: readonly (ShortcutId | undefined)[] = ['sidebar', 'search'];

/** Acts on the shortcuts of the table. */
export function useShortcuts(): void {
  const stores = useStores();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { singleKeys } = stores.view.getState();
      const id = shortcutOf(event, { typing: isTyping(event.target), singleKeys });
      const dialog = document.querySelector('dialog[open]');
      if (dialog !== null && !(dialog.id === 'conversations' && IN_DRAWER.includes(id))) return;
      // A key that has nothing to do keeps its other meanings: Esc also closes the inspector of a phone.
      if (id !== undefined && ACTIONS[id](stores)) event.preventDefault();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [stores]);
}

/** False where there was nothing to do. */
type Action = (stores: Stores) => boolean;

export const ACTIONS: Readonly<Record<ShortcutId, Action>> = {
  newChat({ chat }) {
    chat.getState().newChat();
    focusOn('.composer-text');
    return true;
  },
  sidebar({ view }) {
    const { sidebarOpen, showSidebar } = view.getState();
    showSidebar(!sidebarOpen);
    return true;
  },
  search({ view }) {
    view.getState().showSidebar(true);
    // Where it was hidden it is drawn first.
    requestAnimationFrame(() => focusOn('[data-testid=conversation-search]'));
    return true;
  },
  focusComposer: () => focusOn('.composer-text'),
  regenerate({ chat }) {
    const { order, activeId, regenerate } = chat.getState();
    const last = order.at(-1);
    if (last === undefined || activeId !== undefined) return false;
    void regenerate(last);
    return true;
  },
  stop({ chat, kv, model }) {
    const { activeId, stop } = chat.getState();
    // An answer in a chat that was left is none that is looked at: its own Stop ends it.
    if (activeId !== undefined) void stop();
    else if (isCalibrating(kv)) stopCalibration({ kv, model });
    else return false;
    return true;
  },
  inspector({ view }) {
    view.getState().showInspector(true);
    // Where it was hidden it is drawn first.
    requestAnimationFrame(() => focusOn('#inspector'));
    return true;
  },
  settings({ view }) {
    view.getState().open('settings');
    return true;
  },
  sheet({ view }) {
    view.getState().open('shortcuts');
    return true;
  },
};

function focusOn(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  return element !== null;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'range', 'button'].includes(target.type);
  return target.isContentEditable || target.matches('textarea, select');
}
