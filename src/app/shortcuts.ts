import { useEffect } from 'react';
import { isCalibrating, stopCalibration } from './store/calibration';
import { useStores } from './stores';

/** Esc stops a turn or a calibration; Ctrl/Cmd+Shift+O starts a new chat. */
export function useShortcuts(): void {
  const { chat, kv, model } = useStores();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { activeId, stop, newChat } = chat.getState();
      if (event.key === 'Escape') {
        // In an open dialog Esc belongs to the dialog.
        if (document.querySelector('dialog[open]') !== null) return;
        if (activeId === undefined && !isCalibrating(kv)) return;
        event.preventDefault();
        if (activeId !== undefined) void stop();
        else stopCalibration({ kv, model });
      } else if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'o') {
        event.preventDefault();
        newChat();
      }
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [chat, kv, model]);
}
