import './header.css';
import { Icon } from './icons';
import { ModelStatus } from './models/model-status';
import { THEME_PREFERENCES } from './store/theme-store';
import { useChat, useTheme } from './stores';

interface HeaderProps {
  readonly inspectorOpen: boolean;
  /** Undefined where there is nothing to inspect. */
  readonly onToggleInspector: (() => void) | undefined;
}

export function Header({ inspectorOpen, onToggleInspector }: HeaderProps) {
  const newChat = useChat((state) => state.newChat);
  return (
    <header className="header">
      <h1 className="header-name">
        <Mark />
        FastKV Chat
      </h1>
      <ModelStatus />
      <div className="header-actions">
        <ThemeSwitch />
        {onToggleInspector && (
          <>
            <button
              type="button"
              className="quiet-button header-inspector"
              aria-expanded={inspectorOpen}
              aria-controls="inspector"
              aria-label="Inspector"
              data-testid="inspector-toggle"
              onClick={onToggleInspector}
            >
              <Icon name="gauge" />
            </button>
            <button
              type="button"
              className="quiet-button"
              aria-label="New chat"
              data-testid="new-chat"
              title="New chat (Ctrl+Shift+O)"
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

/** Three lines of a document, and what is kept of each. */
function Mark() {
  return (
    <svg className="header-mark" viewBox="0 0 20 20" aria-hidden="true">
      <path className="header-mark-full" d="M3 5h14M3 10h14M3 15h14" />
      <path className="header-mark-kept" d="M3 5h8M3 10h3.5M3 15h5.5" />
    </svg>
  );
}

function ThemeSwitch() {
  const preference = useTheme((state) => state.preference);
  const choose = useTheme((state) => state.choose);
  const at = THEME_PREFERENCES.indexOf(preference);
  const next = THEME_PREFERENCES[(at + 1) % THEME_PREFERENCES.length] ?? 'system';
  return (
    <button
      type="button"
      className="quiet-button"
      aria-label={`Theme: ${preference}. Switch to ${next}.`}
      title={`Theme: ${preference}`}
      data-testid="theme"
      data-value={preference}
      onClick={() => choose(next)}
    >
      <Icon name={preference} />
    </button>
  );
}
