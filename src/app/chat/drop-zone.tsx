import { useEffect, useState } from 'react';
import { useStores } from '../stores';
import { attachFile } from './attach-file';

/** Files may be dropped anywhere on the page; this only shows that they may. */
export function DropZone() {
  const [over, setOver] = useState(false);
  const { chat } = useStores();

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
      void attachFile(chat, event.dataTransfer?.files[0]);
    };
    window.addEventListener('dragover', onDragOver, options);
    window.addEventListener('dragleave', onDragLeave, options);
    window.addEventListener('drop', onDrop, options);
    return () => listening.abort();
  }, [chat]);

  if (!over) return null;
  return (
    <div className="drop-zone">
      <p>Drop a file to ask about it</p>
    </div>
  );
}
