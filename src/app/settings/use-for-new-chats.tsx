import { isSame } from '../store/settings';
import { useChat, useNewChat } from '../stores';

/** What this conversation has, for those to come. */
export function UseForNewChats({ testId }: { readonly testId: string }) {
  const settings = useChat((state) => state.settings);
  const chosen = useNewChat((state) => state.settings);
  const choose = useNewChat((state) => state.choose);
  const isChosen = isSame(settings, chosen);
  return (
    <button
      type="button"
      className="button setting-button"
      data-testid={testId}
      // Not `disabled`, which would drop the focus of whoever has just pressed it.
      aria-disabled={isChosen || undefined}
      onClick={() => !isChosen && choose(settings)}
    >
      {isChosen ? 'Used for new chats' : 'Use for new chats'}
    </button>
  );
}
