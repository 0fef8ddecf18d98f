import { useEffect, useState } from 'react';
import { formatTimeLeft } from '../format';
import { AnswerText } from '../markdown/answer-text';
import type { AssistantMessage } from '../store/conversation';
import { splitReasoning } from '../store/reasoning';
import './reasoning.css';

/** What the model thought before its answer: folded away, with the time that it took. */
export function Reasoning({ message }: { readonly message: AssistantMessage }) {
  const [open, setOpen] = useState(false);
  const { reasoning, isOpen } = splitReasoning(message.text);
  const { thinkingSince, thoughtMs } = message.figures;
  const isThinking = isOpen && message.answer.state === 'writing';
  if (reasoning === undefined && !isThinking) return null;
  return (
    <details
      className="reasoning"
      data-testid="reasoning"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary data-testid="reasoning-label">
        {isThinking ? <Thinking since={thinkingSince} /> : thoughtFor(thoughtMs)}
      </summary>
      {/* Not parsed before it is asked for: thoughts are many times as long as answers. */}
      {open && reasoning !== undefined && (
        <AnswerText text={reasoning} running={isThinking} testId="reasoning-text" />
      )}
    </details>
  );
}

const thoughtFor = (ms: number | undefined): string =>
  ms === undefined ? 'Thought' : `Thought for ${formatTimeLeft(ms / 1000)}`;

function Thinking({ since }: { readonly since: number | undefined }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = since === undefined ? 0 : Math.max(0, now - since) / 1000;
  return <>Thinking… {formatTimeLeft(seconds)}</>;
}
