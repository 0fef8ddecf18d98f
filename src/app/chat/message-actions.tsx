import { memo, type MouseEvent, type ReactNode } from 'react';
import { Icon, type IconName } from '../icons';
import { siblingsOf } from '../store/branches';
import { isIdle } from '../store/chat-store';
import type { Message } from '../store/conversation';
import { answerOf } from '../store/reasoning';
import { useCanAsk, useChat } from '../stores';
import { CopyButton } from '../ui/copy-button';
import { focusComposer } from './focus-composer';
import './message-actions.css';

/** What can be done with a message. In sight where a pointer or the focus is, by finger always. */
export const MessageActions = memo(function MessageActions({ id }: { readonly id: string }) {
  const role = useChat(({ messages }) => messages[id]?.role);
  const isRunning = useChat(({ activeId }) => activeId === id);
  const isLast = useChat(({ order }) => order.at(-1) === id);
  if (role === undefined) return null;
  const what = role === 'user' ? 'question' : 'answer';
  return (
    <div className="message-actions" data-shown={isLast} data-testid={`${what}-actions`}>
      {role === 'assistant' && <Branches id={id} what={what} />}
      {/* Not by place: what is said of a copy is said of that message. */}
      {!isRunning && <CopyMessage key={id} id={id} what={what} />}
      {!isRunning && (role === 'user' ? <Edit id={id} /> : <Regenerate id={id} />)}
      {!isRunning && <Remove id={id} what={what} />}
      {/* Always in sight, and so at the edge that the message stands at. */}
      {role === 'user' && <Branches id={id} what={what} />}
      {role === 'user' && isLast && <Unanswered id={id} />}
    </div>
  );
});

interface ActionProps {
  readonly id: string;
  readonly what: 'question' | 'answer';
}

/** Never `disabled`: that would take the focus away while a turn runs. */
function Action(props: {
  readonly icon: IconName;
  readonly name: string;
  readonly testId: string;
  readonly off: boolean;
  readonly act: (event: MouseEvent) => void;
}) {
  const { icon, name, testId, off, act } = props;
  return (
    <button
      type="button"
      className="quiet-button"
      title={name}
      aria-label={name}
      aria-disabled={off || undefined}
      data-testid={testId}
      onClick={(event) => !off && act(event)}
    >
      <Icon name={icon} />
    </button>
  );
}

const useIsBusy = () => useChat((state) => !isIdle(state));

/** Which of several branches this message begins, and the way to the ones beside it. */
function Branches({ id, what }: ActionProps): ReactNode {
  const siblings = useChat((state) => siblingsOf(state, id));
  const showSibling = useChat((state) => state.showSibling);
  const busy = useIsBusy();
  if (siblings.length < 2) return null;
  const at = siblings.indexOf(id);
  return (
    <div className="branches" role="group" aria-label={`Versions of the ${what}`}>
      <Action
        icon="left"
        name={`Previous ${what}`}
        testId="branch-previous"
        off={busy || at === 0}
        act={() => showSibling(id, -1)}
      />
      <span data-testid="branch-place">
        <span className="visually-hidden">Version </span>
        {at + 1}
        <span aria-hidden="true"> / </span>
        <span className="visually-hidden"> of </span>
        {siblings.length}
      </span>
      <Action
        icon="right"
        name={`Next ${what}`}
        testId="branch-next"
        off={busy || at === siblings.length - 1}
        act={() => showSibling(id, 1)}
      />
    </div>
  );
}

/** Of an answer its Markdown, without what the model thought before it. */
const textOf = (message: Message | undefined): string =>
  message?.role === 'user' ? message.question : answerOf(message?.text ?? '');

function CopyMessage({ id, what }: ActionProps) {
  // Not its text: selectors run at every token, for every message in sight or not.
  const text = textOf(useChat(({ messages }) => messages[id]));
  return text === '' ? null : <CopyButton label={`Copy the ${what}`} text={text} testId="copy" />;
}

function Edit({ id }: { readonly id: string }) {
  const beginEdit = useChat((state) => state.beginEdit);
  const isBegun = useChat(({ edits }) => edits[id] !== undefined);
  const name = isBegun ? 'Continue editing the question' : 'Edit the question';
  return <Action icon="edit" name={name} testId="edit" off={useIsBusy()} act={() => beginEdit(id)} />;
}

function Regenerate({ id }: { readonly id: string }) {
  const regenerate = useChat((state) => state.regenerate);
  return (
    <Action
      icon="again"
      name="Regenerate the answer"
      testId="regenerate"
      off={!useCanAsk()}
      act={() => void regenerate(id)}
    />
  );
}

function Remove({ id, what }: ActionProps) {
  const remove = useChat((state) => state.remove);
  const act = (event: MouseEvent) => {
    remove(id);
    focusComposer(event); // The button goes with the message.
  };
  return <Action icon="remove" name={`Delete the ${what}`} testId="remove" off={useIsBusy()} act={act} />;
}

/** A question whose answer was deleted. */
function Unanswered({ id }: { readonly id: string }) {
  const regenerate = useChat((state) => state.regenerate);
  const canAsk = useCanAsk();
  return (
    <button
      type="button"
      className="text-button"
      data-testid="answer-this"
      disabled={!canAsk}
      onClick={(event) => {
        focusComposer(event);
        void regenerate(id);
      }}
    >
      Answer this
    </button>
  );
}
