import { useCanAsk, useChat } from '../stores';
import { focusComposer } from './focus-composer';

/** A question that is asked by clicking it. */
export function SampleQuestion({ question }: { readonly question: string }) {
  const ask = useChat((state) => state.ask);
  const canAsk = useCanAsk();
  return (
    <button
      type="button"
      className="sample-question"
      data-testid="sample-question"
      disabled={!canAsk}
      onClick={(event) => {
        focusComposer(event); // The button goes, as the question is asked.
        void ask(question);
      }}
    >
      {question}
    </button>
  );
}
