import { isContinuable, type AssistantMessage } from '../store/conversation';
import { useCanAsk, useOutline, useStores } from '../stores';
import { focusComposer } from './focus-composer';

/** Goes on with the last answer, where that was not the model's to end. */
export function Continue({ message }: { readonly message: AssistantMessage }) {
  const { chat } = useStores();
  const isLast = useOutline(({ order }) => order.at(-1) === message.id);
  const canAsk = useCanAsk();
  if (!isLast || !isContinuable(message)) return null;
  return (
    <button
      type="button"
      className="text-button"
      data-testid="continue"
      disabled={!canAsk}
      onClick={(event) => {
        focusComposer(event); // The button goes as the answer does.
        void chat.getState().resume(message.id);
      }}
    >
      Continue
    </button>
  );
}
