import { useEffect } from 'react';
import { useStores } from './stores';

/** Esc stops; Ctrl/Cmd+Shift+O starts a new chat. */
export function useShortcuts(): void {
  const { chat } = useStores();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { activeId, stop, newChat } = chat.getState();
      if (event.key === 'Escape') {
        // In an open dialog Esc belongs to the dialog.
        if (activeId === undefined || document.querySelector('dialog[open]') !== null) return;
        event.preventDefault();
        void stop();
      } else if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'o') {
        event.preventDefault();
        newChat();
      }
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [chat]);
}
