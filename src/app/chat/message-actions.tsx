import { type MouseEvent, type ReactNode } from 'react';
import { Icon, type IconName } from '../icons';
import { followersOf } from '../store/branches';
import type { Message } from '../store/conversation';
import { answerOf } from '../store/reasoning';
import { useCanAsk, useOutline, useStores } from '../stores';
import { CopyButton } from '../ui/copy-button';
import { focusComposer } from './focus-composer';
import './message-actions.css';

/** What can be done with a message. In sight where a pointer or the focus is, by finger always. */
export function MessageActions({ message }: { readonly message: Message }) {
  const { id, role } = message;
  const isRunning = useOutline(({ activeId }) => activeId === id);
  const isLast = useOutline(({ order }) => order.at(-1) === id);
  const what = role === 'user' ? 'question' : 'answer';
  return (
    <div className="message-actions" data-shown={isLast} data-testid={`${what}-actions`}>
      {role === 'assistant' && <Branches message={message} what={what} />}
      {/* Not by place: what is said of a copy is said of that message. */}
      {!isRunning && <CopyMessage key={id} message={message} what={what} />}
      {!isRunning && (role === 'user' ? <Edit id={id} /> : <Regenerate id={id} />)}
      {!isRunning && <Remove id={id} what={what} />}
      {/* Always in sight, and so at the edge that the message stands at. */}
      {role === 'user' && <Branches message={message} what={what} />}
      {role === 'user' && isLast && <Unanswered id={id} />}
    </div>
  );
}

interface PartProps {
  readonly message: Message;
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

const useIsBusy = () => useOutline(({ isIdle }) => !isIdle);

/** Which of several branches this message begins, and the way to the ones beside it. */
function Branches({ message: { id, parentId }, what }: PartProps): ReactNode {
  const { chat } = useStores();
  const siblings = useOutline(({ children }) => followersOf(children, parentId));
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
        act={() => chat.getState().showSibling(id, -1)}
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
        act={() => chat.getState().showSibling(id, 1)}
      />
    </div>
  );
}

/** Of an answer its Markdown, without what the model thought before it. */
const textOf = (message: Message): string =>
  message.role === 'user' ? message.question : answerOf(message.text);

function CopyMessage({ message, what }: PartProps) {
  const text = textOf(message);
  return text === '' ? null : <CopyButton label={`Copy the ${what}`} text={text} testId="copy" />;
}

function Edit({ id }: { readonly id: string }) {
  const { chat } = useStores();
  const isBegun = useOutline(({ edits }) => edits[id] !== undefined);
  const act = () => chat.getState().beginEdit(id);
  const name = isBegun ? 'Continue editing the question' : 'Edit the question';
  return <Action icon="edit" name={name} testId="edit" off={useIsBusy()} act={act} />;
}

function Regenerate({ id }: { readonly id: string }) {
  const { chat } = useStores();
  return (
    <Action
      icon="again"
      name="Regenerate the answer"
      testId="regenerate"
      off={!useCanAsk()}
      act={() => void chat.getState().regenerate(id)}
    />
  );
}

function Remove({ id, what }: { readonly id: string; readonly what: PartProps['what'] }) {
  const { chat } = useStores();
  const act = (event: MouseEvent) => {
    chat.getState().remove(id);
    focusComposer(event); // The button goes with the message.
  };
  return <Action icon="remove" name={`Delete the ${what}`} testId="remove" off={useIsBusy()} act={act} />;
}

/** A question whose answer was deleted. */
function Unanswered({ id }: { readonly id: string }) {
  const { chat } = useStores();
  const canAsk = useCanAsk();
  return (
    <button
      type="button"
      className="text-button"
      data-testid="answer-this"
      disabled={!canAsk}
      onClick={(event) => {
        focusComposer(event);
        void chat.getState().regenerate(id);
      }}
    >
      Answer this
    </button>
  );
}
