import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { NoticeBar } from '../chat/notice-bar';
import { toFailure } from '../store/engine';
import { useChat, useConversations, useStores, useView } from '../stores';
import { CloseButton } from '../ui/close-button';
import { useIsNarrow } from '../ui/narrow';
import { saveFile } from '../ui/save-file';
import { ConversationItem } from './conversation-item';
import { byDay } from './days';
import { onSearchKey } from './search-keys';
import './sidebar.css';

/** The conversations that there are: beside the chat, or over it where there is no room. */
export function Sidebar() {
  const open = useView((view) => view.sidebarOpen);
  const isOver = useIsNarrow();
  if (!open) return null;
  return isOver ? (
    <Drawer>
      <Contents />
      {/* The one of the chat cannot be reached meanwhile. */}
      <NoticeBar />
    </Drawer>
  ) : (
    <Beside>
      <Contents />
    </Beside>
  );
}

/** Closes the chats, and puts the focus where they can be opened again. */
function useClose(): () => void {
  const show = useView((view) => view.showSidebar);
  return useCallback(() => {
    show(false);
    document.querySelector<HTMLElement>('[data-testid=sidebar-toggle]')?.focus();
  }, [show]);
}

function Beside({ children }: { readonly children: ReactNode }) {
  const close = useClose();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const inside = event.target instanceof Element && event.target.closest('#conversations') !== null;
      if (event.key !== 'Escape' || event.defaultPrevented || !inside) return;
      close();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [close]);
  return (
    <aside id="conversations" className="sidebar" aria-label="Chats" data-testid="sidebar" tabIndex={-1}>
      {children}
    </aside>
  );
}

/** A modal dialog, so that the focus stays in it, Esc and a touch beside it close it, and the toggle has the focus again. */
function Drawer({ children }: { readonly children: ReactNode }) {
  const show = useView((view) => view.showSidebar);
  const drawer = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = drawer.current;
    dialog?.showModal();
    // Not on its first button, which imports.
    dialog?.focus();
    // Before it is taken away, or the focus would go with it.
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={drawer}
      id="conversations"
      className="sidebar"
      aria-label="Chats"
      data-testid="sidebar"
      tabIndex={-1}
      onClose={() => show(false)}
      onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && show(false)}
      // The backdrop is no element of its own, and the drawer has nothing of its own that could be pressed.
      onClick={({ target, currentTarget, clientX }) =>
        target === currentTarget && clientX > currentTarget.getBoundingClientRect().right && show(false)
      }
    >
      {children}
    </dialog>
  );
}

function Contents() {
  const close = useClose();
  return (
    <>
      <div className="sidebar-head">
        <h2>Chats</h2>
        <Files />
        <CloseButton label="Close chats" onClick={close} />
      </div>
      <Search />
      <Kept />
      <List />
    </>
  );
}

function Search() {
  const query = useConversations((state) => state.query);
  const search = useConversations((state) => state.search);
  const leave = useClose();
  return (
    <input
      type="search"
      className="sidebar-search"
      placeholder="Search titles and messages"
      aria-label="Search chats"
      data-testid="conversation-search"
      value={query}
      onChange={({ target }) => void search(target.value)}
      onKeyDown={(event) => onSearchKey(event, { query, empty: () => void search(''), leave })}
    />
  );
}

function Kept() {
  const persists = useConversations((state) => state.persists);
  if (persists !== false) return null;
  return (
    <p className="sidebar-note" data-testid="not-kept">
      This browser does not let the page store anything: chats are kept only until the page is closed.
    </p>
  );
}

function List() {
  const list = useConversations((state) => state.list);
  const found = useConversations((state) => state.found);
  const shownId = useChat(({ id }) => id);
  const [opened] = useState(Date.now);
  const excerpts = found && new Map(found.map(({ id, excerpt }) => [id, excerpt]));
  const shown = excerpts ? list.filter(({ id }) => excerpts.has(id)) : list;
  if (shown.length === 0)
    return (
      <p className="sidebar-note" role="status">
        {excerpts ? 'No chats found.' : 'No chats yet. What you ask is kept here.'}
      </p>
    );
  return (
    <div className="sidebar-list" role="region" aria-label="List of chats" tabIndex={0}>
      {byDay(shown, Math.max(opened, shown[0]?.updatedAt ?? 0)).map(({ label, conversations }) => (
        <section key={label} aria-label={label}>
          <h3>{label}</h3>
          <ul>
            {conversations.map((conversation) => (
              <ConversationItem
                key={conversation.id}
                conversation={conversation}
                excerpt={excerpts?.get(conversation.id)}
                isShown={conversation.id === shownId}
              />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** Everything out as a file, and back in. */
function Files() {
  const picker = useRef<HTMLInputElement>(null);
  const { chat, conversations } = useStores();
  const hasAny = useConversations(({ list }) => list.length > 0);
  const tell = (thrown: unknown) => chat.getState().sayError(toFailure(thrown).message);
  const bring = async (file: File) => conversations.getState().importJson(await file.text());
  const take = async () =>
    saveFile(
      'chats.json',
      new Blob([await conversations.getState().exportJson()], { type: 'application/json' }),
    );
  return (
    <>
      <button
        type="button"
        className="text-button"
        data-testid="import-open"
        onClick={() => picker.current?.click()}
      >
        Import
      </button>
      {hasAny && (
        <button
          type="button"
          className="text-button"
          data-testid="export-all"
          onClick={() => void take().catch(tell)}
        >
          Export all
        </button>
      )}
      <input
        ref={picker}
        type="file"
        hidden
        accept=".json"
        data-testid="import-file"
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file) void bring(file).catch(tell);
          target.value = ''; // So that choosing the same file again is a change too.
        }}
      />
    </>
  );
}
