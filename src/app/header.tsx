import './header.css';
import { Icon } from './icons';
import { ModelStatus } from './models/model-status';
import { keysFor } from './shortcuts/table';
import { useChat, useView } from './stores';

/** `canChat`: in a browser that the engine runs in. */
export function Header({ canChat }: { readonly canChat: boolean }) {
  const newChat = useChat((state) => state.newChat);
  const inspectorOpen = useView((view) => view.inspectorOpen);
  const showInspector = useView((view) => view.showInspector);
  const openDialog = useView((view) => view.open);
  return (
    <header className="header">
      {canChat && <SidebarToggle />}
      <h1 className="header-name">
        <Mark />
        FastKV Chat
      </h1>
      <ModelStatus />
      <div className="header-actions">
        {canChat && (
          <>
            <button
              type="button"
              className="quiet-button header-keys"
              aria-label="Keyboard shortcuts"
              title={`Keyboard shortcuts (${keysFor('sheet')})`}
              data-testid="shortcuts-open"
              onClick={() => openDialog('shortcuts')}
            >
              <Icon name="keyboard" />
            </button>
            <button
              type="button"
              className="quiet-button"
              aria-label="Settings"
              title={`Settings (${keysFor('settings')})`}
              data-testid="settings-open"
              onClick={() => openDialog('settings')}
            >
              <Icon name="settings" />
            </button>
            <button
              type="button"
              className="quiet-button header-inspector"
              aria-expanded={inspectorOpen}
              aria-controls="inspector"
              aria-label="Inspector"
              data-testid="inspector-toggle"
              onClick={() => showInspector(!inspectorOpen)}
            >
              <Icon name="gauge" />
            </button>
            <button
              type="button"
              className="quiet-button"
              aria-label="New chat"
              data-testid="new-chat"
              title={`New chat (${keysFor('newChat')})`}
              onClick={newChat}
            >
              <Icon name="newChat" />
              <span className="wide-only">New chat</span>
            </button>
          </>
        )}
      </div>
    </header>
  );
}

function SidebarToggle() {
  const open = useView((view) => view.sidebarOpen);
  const show = useView((view) => view.showSidebar);
  return (
    <button
      type="button"
      className="quiet-button header-sidebar"
      aria-expanded={open}
      aria-controls={open ? 'conversations' : undefined}
      aria-label="Chats"
      title={`Chats (${keysFor('sidebar')})`}
      data-testid="sidebar-toggle"
      onClick={() => show(!open)}
    >
      <Icon name="list" />
    </button>
  );
}

/** Three lines of a document, and what is kept of each. */
function Mark() {
  return (
    <svg className="header-mark" viewBox="0 0 20 20" aria-hidden="true">
      <path className="header-mark-full" d="M3 5h14M3 10h14M3 15h14" />
      <path className="header-mark-kept" d="M3 5h8M3 10h3.5M3 15h5.5" />
    </svg>
  );
}
