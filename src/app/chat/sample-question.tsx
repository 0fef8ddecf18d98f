import { useChat, useModel } from '../stores';

/** A question that is asked by clicking it. */
export function SampleQuestion({ question }: { readonly question: string }) {
  const ask = useChat((state) => state.ask);
  const busy = useChat((state) => state.activeId !== undefined);
  const ready = useModel((state) => state.status.state === 'ready');
  return (
    <button
      type="button"
      className="sample-question"
      data-testid="sample-question"
      disabled={!ready || busy}
      onClick={() => void ask(question)}
    >
      {question}
    </button>
  );
}
