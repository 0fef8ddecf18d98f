import { useUpdate } from './stores';

/** Above the composer: the site was renewed. It waits for the visitor, who may be in the middle of something. */
export function UpdateNotice() {
  const ready = useUpdate((update) => update.ready);
  const use = useUpdate((update) => update.use);
  const dismiss = useUpdate((update) => update.dismiss);
  return (
    <div role="status" className="notice-region">
      {ready && (
        <div className="notice" data-testid="update-notice">
          <p>A new version of this page is ready.</p>
          <button type="button" className="text-button" data-testid="update-use" onClick={use}>
            Reload
          </button>
          <button type="button" className="text-button" onClick={dismiss}>
            Later
          </button>
        </div>
      )}
    </div>
  );
}
