import './app.css';
import { Chat } from './chat/chat';
import { DocumentPreview } from './chat/document-preview';
import { Sidebar } from './conversations/sidebar';
import { DropZone } from './chat/drop-zone';
import { Header } from './header';
import { Inspector } from './inspector/inspector';
import { ModelsDialog } from './models/models-dialog';
import { UnsupportedBrowser } from './models/unsupported-browser';
import { SettingsDialog } from './settings/settings-dialog';
import { ShortcutsDialog } from './shortcuts/shortcuts-dialog';
import { useShortcuts } from './shortcuts/use-shortcuts';
import { useAnnouncement, useModel } from './stores';

export function App() {
  const unsupported = useModel(({ status }) =>
    status.state === 'failed' && status.error.code === 'webgpu-unavailable' ? status.error : undefined,
  );
  useShortcuts();

  return (
    <div className="app">
      <Header canChat={unsupported === undefined} />
      {unsupported ? (
        <UnsupportedBrowser error={unsupported} />
      ) : (
        <div className="room">
          <Sidebar />
          <Chat />
          <Inspector />
          <DropZone />
          <DocumentPreview />
        </div>
      )}
      {!unsupported && (
        <>
          <ModelsDialog />
          <SettingsDialog />
          <ShortcutsDialog />
        </>
      )}
      <LiveRegion />
    </div>
  );
}

/** The only region that speaks by itself: per sentence and state, never per token. */
function LiveRegion() {
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {useAnnouncement()}
    </div>
  );
}
