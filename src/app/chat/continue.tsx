import { isContinuable, type AssistantMessage } from '../store/conversation';
import { useCanAsk, useChat } from '../stores';
import { focusComposer } from './focus-composer';

/** Goes on with the last answer, where that was not the model's to end. */
export function Continue({ message }: { readonly message: AssistantMessage }) {
  const resume = useChat((state) => state.resume);
  const isLast = useChat(({ order }) => order.at(-1) === message.id);
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
        void resume(message.id);
      }}
    >
      Continue
    </button>
  );
}
