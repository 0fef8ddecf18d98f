import { useLibrary } from '../stores';
import { CloseButton } from '../ui/close-button';

/** Above the composer: what became of a stored model that was to be loaded, or that one is not kept. */
export function LibraryNotice() {
  const notice = useLibrary((library) => library.notice);
  const say = useLibrary((library) => library.say);
  return (
    <div role="status" className="notice-region">
      {notice !== undefined && (
        <div className="notice" data-testid="library-notice">
          <p>{notice}</p>
          <CloseButton label="Dismiss" onClick={() => say(undefined)} />
        </div>
      )}
    </div>
  );
}
