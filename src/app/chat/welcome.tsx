import { formatTokens } from '../format';
import type { NewDocument } from '../store/conversation';
import { DEMO_NAME } from '../store/load-request';
import { useChat, useModel, useSamples, useStores } from '../stores';
import { SampleQuestion } from './sample-question';
import './welcome.css';

const QUESTIONS_SHOWN = 3;
const NONE: readonly string[] = [];

/** The first screen: what this is, something to read, and something to ask. */
export function Welcome() {
  const questions = useChat(({ documents }) => documents[0]?.questions ?? NONE);
  const isDemo = useModel((state) => state.name === DEMO_NAME);
  return (
    <div className="welcome">
      <h2 className="welcome-title">Ask about a document. It stays in this tab.</h2>
      <p className="welcome-lead">
        The model runs in this tab, on your own machine.{' '}
        {isDemo &&
          'This one is a tiny demo, trained for this page: it only knows how to answer short questions about ' +
            'facts in documents like the samples below.'}
      </p>
      <Samples />
      {questions.length > 0 && <Questions questions={questions.slice(0, QUESTIONS_SHOWN)} />}
      <p className="welcome-panel">
        The inspector then shows how long the first token took and why, which words of the document each layer
        kept, and how much memory that takes compared with keeping them all. Every byte is counted on live GPU
        buffers.
      </p>
    </div>
  );
}

function Samples() {
  const state = useSamples((samples) => samples);
  return (
    <section className="welcome-step" aria-labelledby="welcome-samples">
      <h3 id="welcome-samples">Attach a sample, or your own text</h3>
      {state.state === 'failed' && (
        <p className="problem">The sample documents could not be loaded. You can still attach your own.</p>
      )}
      {state.state === 'ready' && (
        <ul className="samples">
          {state.samples.map((sample) => (
            <Sample key={sample.name} sample={sample} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** One sample at a time: the demo model was made for questions about one. */
function Sample({ sample }: { readonly sample: NewDocument }) {
  const { chat, samples } = useStores();
  const attached = useChat(({ documents }) => documents.some(({ text }) => text === sample.text));
  const choose = () => {
    const { documents, attach, detach } = chat.getState();
    const loaded = samples.getState();
    const texts = new Set(loaded.state === 'ready' ? loaded.samples.map(({ text }) => text) : []);
    for (const { id, text } of documents) if (texts.has(text)) detach(id);
    if (!attached) attach(sample);
  };
  const kind = sample.name.replace(/ sample$/, '');
  return (
    <li>
      <button
        type="button"
        className="sample"
        aria-pressed={attached}
        data-testid={`sample-${kind.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`}
        onClick={choose}
      >
        <span className="sample-name">{kind}</span>
        <span className="sample-size">{attached ? 'attached' : formatTokens(sample.tokens)}</span>
        <span className="sample-text">{sample.text.slice(0, 120)}…</span>
      </button>
    </li>
  );
}

/** On a phone the questions come below the fold, and they are what to do next. */
function bringIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function Questions({ questions }: { readonly questions: readonly string[] }) {
  return (
    <section ref={bringIntoView} className="welcome-step" aria-labelledby="welcome-questions">
      <h3 id="welcome-questions">Ask one of these, or write your own</h3>
      <div className="welcome-questions">
        {questions.map((question) => (
          <SampleQuestion key={question} question={question} />
        ))}
      </div>
    </section>
  );
}
