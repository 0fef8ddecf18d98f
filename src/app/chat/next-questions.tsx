import { useChat } from '../stores';
import { SampleQuestion } from './sample-question';

const SHOWN = 2;

/** After an answer about a sample: what else it can be asked. A follow-up shows what the cache is good for. */
export function NextQuestions() {
  const questions = useChat(({ documents }) => documents[0]?.questions);
  const order = useChat((state) => state.order);
  const messages = useChat((state) => (state.activeId === undefined ? state.messages : undefined));
  if (questions === undefined || messages === undefined) return null;

  const last = messages[order.at(-1) ?? ''];
  if (last?.role !== 'assistant' || last.answer.state !== 'done') return null;
  const asked = new Set(
    Object.values(messages).map((message) => message.role === 'user' && message.question),
  );
  const open = questions.filter((question) => !asked.has(question)).slice(0, SHOWN);
  if (open.length === 0) return null;
  return (
    <section className="next-questions" aria-label="More questions about this sample">
      {open.map((question) => (
        <SampleQuestion key={question} question={question} />
      ))}
    </section>
  );
}
