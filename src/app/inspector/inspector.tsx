import { useCallback, useEffect } from 'react';
import { KvPanel } from '../settings/kv-panel';
import './inspector.css';
import { Charts } from './charts/charts';
import { GpuMemory } from './gpu-memory';
import { KvLayers, KvMemory } from './kv-memory';
import { ModelFacts } from './model-facts';
import { FirstToken } from './first-token';
import { Selection } from './selection';
import { useView } from '../stores';
import { CloseButton } from '../ui/close-button';
import { Turn } from './turn';

export function Inspector() {
  // Asked only where there is no room to show it always.
  const open = useView((view) => view.inspectorOpen);
  const show = useView((view) => view.showInspector);
  const onClose = useCallback(() => show(false), [show]);
  useEscape(open, onClose);
  return (
    <aside
      id="inspector"
      className="inspector"
      aria-label="Inspector"
      data-open={open}
      data-testid="inspector"
      tabIndex={0}
    >
      <div className="inspector-head">
        <h2>Inspector</h2>
        <CloseButton label="Close the inspector" onClick={onClose} />
      </div>
      <FirstToken />
      <KvMemory />
      <Selection />
      <KvLayers />
      <Charts />
      <KvPanel />
      <Turn />
      <GpuMemory />
      <ModelFacts />
    </aside>
  );
}

/** Esc closes the sheet, unless it has stopped a turn: that listener is older and comes first. */
function useEscape(open: boolean, onClose: () => void): void {
  useEffect(() => {
    if (!open) return;
    const listen = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) onClose();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [open, onClose]);
}
