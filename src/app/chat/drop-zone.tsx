import { useEffect, useState } from 'react';
import { useStores } from '../stores';

/** Files may be dropped anywhere on the page; this only shows that they may. */
export function DropZone() {
  const [over, setOver] = useState(false);
  const { attachments } = useStores();

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
      void attachments.getState().attachFiles([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener('dragover', onDragOver, options);
    window.addEventListener('dragleave', onDragLeave, options);
    window.addEventListener('drop', onDrop, options);
    return () => listening.abort();
  }, [attachments]);

  if (!over) return null;
  return (
    <div className="drop-zone">
      <p>Drop files to ask about them</p>
    </div>
  );
}
