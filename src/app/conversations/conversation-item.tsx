import { useRef, useState, type KeyboardEvent } from 'react';
import { flushSync } from 'react-dom';
import type { Summary } from '../archive/search';
import { Icon } from '../icons';
import { isAnsweredAway } from '../store/away';
import { toFailure } from '../store/engine';
import { useChat, useStores } from '../stores';
import { NARROW } from '../ui/narrow';
import { saveFile } from '../ui/save-file';

interface ItemProps {
  readonly conversation: Summary;
  /** Where it was found, when it was searched for. */
  readonly excerpt: string | undefined;
  readonly isShown: boolean;
}

type Mode = 'closed' | 'open' | 'renaming';

export function ConversationItem({ conversation, excerpt, isShown }: ItemProps) {
  const { id, name } = conversation;
  const { conversations, view } = useStores();
  const isAnswered = useChat((state) => isAnsweredAway(state, id));
  const [mode, setMode] = useState<Mode>('closed');
  const open = () => {
    void conversations.getState().open(id);
    if (matchMedia(NARROW).matches) view.getState().showSidebar(false);
  };
  return (
    <li className="conversation" data-testid="conversation" data-shown={isShown}>
      {mode === 'renaming' ? (
        <Rename conversation={conversation} onEnd={() => setMode('closed')} />
      ) : (
        <button
          type="button"
          className="conversation-open"
          aria-current={isShown || undefined}
          data-testid="conversation-open"
          onClick={open}
        >
          <span className="conversation-name">{name}</span>
          {isAnswered && <span className="conversation-excerpt">Being answered…</span>}
          {excerpt !== undefined && <span className="conversation-excerpt">{excerpt}</span>}
        </button>
      )}
      <button
        type="button"
        className="quiet-button"
        aria-label={`More for ${name}`}
        aria-expanded={mode === 'open'}
        data-testid="conversation-more"
        onClick={() => setMode(mode === 'open' ? 'closed' : 'open')}
      >
        <Icon name="more" />
      </button>
      {mode === 'open' && <More conversation={conversation} onRename={() => setMode('renaming')} />}
    </li>
  );
}

function Rename({ conversation, onEnd }: { readonly conversation: Summary; readonly onEnd: () => void }) {
  const { conversations } = useStores();
  const [name, setName] = useState(conversation.name);
  /** The box that is taken away loses the focus too, and has said its last. */
  const ended = useRef(false);
  const end = (place: Element | null) => {
    ended.current = true;
    flushSync(onEnd);
    place?.querySelector<HTMLElement>('[data-testid=conversation-more]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    event.preventDefault();
    if (event.key === 'Enter') void conversations.getState().rename(conversation.id, name);
    end(event.currentTarget.closest('li'));
  };
  return (
    <input
      className="conversation-rename"
      aria-label="Chat name"
      data-testid="conversation-name"
      value={name}
      autoFocus
      onFocus={({ target }) => target.select()}
      onChange={({ target }) => setName(target.value)}
      onKeyDown={onKeyDown}
      onBlur={() => {
        if (ended.current) return;
        void conversations.getState().rename(conversation.id, name);
        onEnd();
      }}
    />
  );
}

function More({ conversation, onRename }: { readonly conversation: Summary; readonly onRename: () => void }) {
  const { id, name } = conversation;
  const { chat, conversations } = useStores();
  const save = (text: Promise<string>, ending: string, type: string) =>
    text.then(
      (written) => saveFile(`${fileName(name)}.${ending}`, new Blob([written], { type })),
      (thrown: unknown) => chat.getState().sayError(toFailure(thrown).message),
    );
  const remove = () => {
    // The button goes with the row. Not to the search field: by finger that would bring up the keyboard.
    document.querySelector<HTMLElement>('#conversations')?.focus();
    void conversations.getState().remove(id);
  };
  const { exportJson, exportMarkdown } = conversations.getState();
  return (
    <div className="conversation-more" role="group" aria-label={`More for ${name}`}>
      <button type="button" className="text-button" data-testid="conversation-rename" onClick={onRename}>
        Rename
      </button>
      <button
        type="button"
        className="text-button"
        data-testid="export-markdown"
        onClick={() => void save(exportMarkdown(id), 'md', 'text/markdown')}
      >
        Export as Markdown
      </button>
      <button
        type="button"
        className="text-button"
        data-testid="export-json"
        onClick={() => void save(exportJson(id), 'json', 'application/json')}
      >
        Export as JSON
      </button>
      <button type="button" className="text-button" data-testid="conversation-remove" onClick={remove}>
        Delete
      </button>
    </div>
  );
}

/** Without what file systems do not take. */
const fileName = (name: string): string =>
  name
    .replace(/[^\p{L}\p{N} ._-]+/gu, '')
    .trim()
    .slice(0, 60) || 'chat';
