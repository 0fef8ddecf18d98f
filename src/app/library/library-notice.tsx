import { Icon } from '../icons';
import { useLibrary } from '../stores';

/** Above the composer: what became of a stored model that was to be loaded, or that one is not kept. */
export function LibraryNotice() {
  const notice = useLibrary((library) => library.notice);
  const say = useLibrary((library) => library.say);
  return (
    <div role="status" className="notice-region">
      {notice !== undefined && (
        <div className="notice" data-testid="library-notice">
          <p>{notice}</p>
          <button type="button" className="quiet-button" aria-label="Dismiss" onClick={() => say(undefined)}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
