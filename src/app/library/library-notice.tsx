import { useLibrary } from '../stores';
import { Notice } from '../ui/notice';

/** Above the composer: what became of a stored model that was to be loaded, or that one is not kept. */
export function LibraryNotice() {
  const notice = useLibrary((library) => library.notice);
  const dismiss = useLibrary((library) => library.dismissNotice);
  return (
    <Notice
      text={notice?.text}
      isError={notice?.isError === true}
      testId="library-notice"
      onDismiss={dismiss}
    />
  );
}
