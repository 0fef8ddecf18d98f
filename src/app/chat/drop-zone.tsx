import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { takeDrop } from '../library/take-drop';
import { dropped } from '../store/device-files';
import { useStores, useView } from '../stores';

/** Files may be dropped anywhere on the page; this only shows that they may. */
export function DropZone() {
  const [over, setOver] = useState(false);
  const stores = useStores();

  useEffect(() => {
    const listening = new AbortController();
    const options = { signal: listening.signal };
    const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
    const onDragOver = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent) => {
      // Leaving for another element of the page is not leaving the page.
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver(false);
      void takeDrop(stores, dropped(event));
    };
    window.addEventListener('dragover', onDragOver, options);
    window.addEventListener('dragleave', onDragLeave, options);
    window.addEventListener('drop', onDrop, options);
    return () => listening.abort();
  }, [stores]);

  return over && <DropHint />;
}

function DropHint() {
  const onModels = useView(({ dialog }) => dialog === 'models');
  const hint = useRef<HTMLDivElement>(null);
  // A dialog that is open lies above everything else but a popover.
  useLayoutEffect(() => hint.current?.showPopover(), []);
  return (
    <div ref={hint} className="drop-zone" popover="manual" data-testid="drop-zone">
      <p>
        {onModels
          ? 'Drop a model’s folder or its files'
          : 'Drop files to ask about them, or a model’s folder to load it'}
      </p>
    </div>
  );
}
