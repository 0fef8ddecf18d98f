import { useChat, useIsFree } from '../stores';

/** A question that is asked by clicking it. */
export function SampleQuestion({ question }: { readonly question: string }) {
  const ask = useChat((state) => state.ask);
  const free = useIsFree();
  return (
    <button
      type="button"
      className="sample-question"
      data-testid="sample-question"
      disabled={!free}
      onClick={() => void ask(question)}
    >
      {question}
    </button>
  );
}
