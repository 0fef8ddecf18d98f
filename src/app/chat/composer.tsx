import type { ClipboardEvent, KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { Icon } from '../icons';
import { PASTE_AS_DOCUMENT_CHARACTERS } from '../store/attachments-store';
import { stopCalibration } from '../store/calibration';
import { useCanAsk, useChat, useFileBeingRead, useIsOverContext, useKv, useStores } from '../stores';
import { AttachButton, Attachments } from './attachments';
import './composer.css';
import { ContextGauge } from './context-gauge';
import { focusComposer } from './focus-composer';
import { isComposing } from './is-composing';
import { useAutosize } from './use-autosize';

export function Composer() {
  const draft = useChat((state) => state.draft);
  const setDraft = useChat((state) => state.setDraft);
  const askDraft = useChat((state) => state.askDraft);
  const isOver = useIsOverContext();
  const canAsk = useCanAsk() && !isOver;
  const { attachments } = useStores();
  const box = useAutosize(draft);

  const submit = () => {
    if (canAsk) void askDraft();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    submit();
  };
  const onPaste = (event: ClipboardEvent<HTMLTextAreaElement>) => {
    const { clipboardData, currentTarget } = event;
    const { attachFiles, attachPaste } = attachments.getState();
    const text = clipboardData.getData('text/plain');
    const files = [...clipboardData.files];
    // Spreadsheets put a picture of the cells beside their text.
    if (text === '' && files.length > 0) {
      event.preventDefault();
      void attachFiles(files);
    } else if (text.length > PASTE_AS_DOCUMENT_CHARACTERS) {
      event.preventDefault();
      attachPaste(text, { from: currentTarget.selectionStart, to: currentTarget.selectionEnd });
    }
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Attachments />
      <textarea
        ref={box}
        className="composer-text"
        data-testid="composer"
        aria-label="Message"
        placeholder="Ask a question"
        rows={1}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className="composer-tools">
        <AttachButton />
        <Hint />
        <ContextGauge />
        <SendOrStop disabled={!canAsk || draft.trim() === ''} />
      </div>
    </form>
  );
}

/** What the keys do, where there are keys; and, at any width, why Send does nothing. */
function Hint() {
  const running = useChat((state) => state.activeId !== undefined);
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  const isOver = useIsOverContext();
  const elsewhere = useChat((state) => state.elsewhere);
  const away = useChat((state) => state.away?.activeId !== undefined);
  const fileBeingRead = useFileBeingRead();
  if (calibrating) return <CalibratingHint />;
  if (away) return <AwayHint />;
  if (elsewhere) return <SendOff>Another tab is answering in this chat</SendOff>;
  if (fileBeingRead !== undefined && !running)
    return <SendOff>Send waits until {fileBeingRead} is read</SendOff>;
  if (isOver && !running) return <SendOff>Too long to send</SendOff>;
  return (
    <p className="composer-hint wide-only">
      {running ? 'Esc to stop' : 'Enter to send, Shift+Enter for a new line'}
    </p>
  );
}

interface SendOffProps {
  readonly children: ReactNode;
  /** The way to end what Send waits for. */
  readonly stop?: {
    readonly label: string;
    readonly stopping: boolean;
    run(event: MouseEvent<HTMLButtonElement>): void;
  };
}

/** Why Send does nothing. */
function SendOff({ children, stop }: SendOffProps) {
  return (
    <p className="composer-hint" data-testid="send-off">
      {children}
      {stop && (
        <button
          type="button"
          className="text-button"
          data-testid="send-off-stop"
          aria-disabled={stop.stopping || undefined}
          onClick={(event) => stop.run(event)}
        >
          {stop.stopping ? 'Stopping' : stop.label}
        </button>
      )}
    </p>
  );
}

/** Send waits for the answer in the chat that was left, which is what Stop is then for. */
function AwayHint() {
  const stopping = useChat((state) => state.stopping);
  const stop = useChat((state) => state.stop);
  const run = (event: MouseEvent) => {
    focusComposer(event); // The button goes with the turn.
    void stop();
  };
  return <SendOff stop={{ label: 'Stop', stopping, run }}>Another chat is being answered</SendOff>;
}

/** Send waits for the calibration. Where the inspector is out of sight, this is the way to stop it. */
function CalibratingHint() {
  const stores = useStores();
  const stopping = useKv(({ calibration }) => calibration.state === 'running' && calibration.stopping);
  const run = ({ currentTarget }: MouseEvent<HTMLButtonElement>) => {
    // This button goes with the calibration, and should not take the focus along.
    currentTarget.form?.querySelector<HTMLElement>('.send-button')?.focus();
    stopCalibration(stores);
  };
  return (
    <SendOff stop={{ label: 'Stop calibrating', stopping, run }}>
      Send is off while calibrating<span className="wide-only"> (Esc to stop)</span>
    </SendOff>
  );
}

/** One element for both, and never `disabled`, so that the focus is not lost when Send turns into Stop and back. */
function SendOrStop({ disabled }: { readonly disabled: boolean }) {
  const running = useChat((state) => state.activeId !== undefined);
  const stopping = useChat((state) => state.stopping);
  const stop = useChat((state) => state.stop);
  const stopLabel = stopping ? 'Stopping' : 'Stop';
  return (
    <button
      type={running ? 'button' : 'submit'}
      className="send-button"
      data-testid={running ? 'stop' : 'send'}
      aria-label={running ? stopLabel : 'Send'}
      aria-disabled={running ? stopping : disabled}
      // The second click of a double click on Send falls on Stop; nobody means that.
      onClick={running ? ({ detail }) => void (detail <= 1 && stop()) : undefined}
    >
      <Icon name={running ? 'stop' : 'send'} />
    </button>
  );
}
