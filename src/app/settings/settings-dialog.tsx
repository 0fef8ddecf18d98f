import { hasOwnSettings, resetSettings } from '../store/settings';
import { THEME_PREFERENCES, type ThemePreference } from '../store/theme-store';
import { useChat, useKv, useKvSettings, useLoadedModel, useStores, useTheme, useView } from '../stores';
import { Dialog } from '../ui/dialog';
import { goToKvSettings } from './go-to-kv-settings';
import { Choice } from './parameter';
import { SamplingFields } from './sampling-fields';
import { sayKv } from './say-kv';
import { UseForNewChats } from './use-for-new-chats';
import './settings-dialog.css';

/** Of this conversation, and of the page. */
export function SettingsDialog() {
  const open = useView(({ dialog }) => dialog === 'settings');
  const closed = useView((view) => view.closed);
  return (
    open && (
      <Dialog
        title="Settings"
        testId="settings-dialog"
        bodyClass="settings-dialog"
        onClose={() => closed('settings')}
      >
        <section className="settings-section" aria-labelledby="settings-conversation">
          <h3 id="settings-conversation">This chat</h3>
          <p className="setting-help">
            Changes apply from the next message; the model stays loaded. Empty fields use the model’s
            defaults, shown in grey.
          </p>
          <SystemPrompt />
          <KvSummary />
          <div className="settings-fields">
            <SamplingFields />
          </div>
          <Thinking />
          <Actions />
        </section>
        <PageSettings />
      </Dialog>
    )
  );
}

function SystemPrompt() {
  const system = useChat(({ settings }) => settings.system ?? '');
  const change = useChat((state) => state.changeSettings);
  return (
    <div className="field">
      <label htmlFor="field-system">System prompt</label>
      <textarea
        id="field-system"
        className="text-field"
        data-testid="field-system"
        rows={3}
        value={system}
        aria-describedby="field-system-help"
        onChange={({ target }) => change({ system: target.value })}
      />
      <p id="field-system-help" className="setting-help">
        What the model is told before everything else. After a change, the next message reads the chat again.
      </p>
    </div>
  );
}

const THINKING = [
  { value: 'own', label: 'Default' },
  { value: 'on', label: 'On' },
  { value: 'off', label: 'Off' },
];

/** Only where the model's template can be told. */
function Thinking() {
  const thinking = useChat(({ settings }) => settings.thinking);
  const change = useChat((state) => state.changeSettings);
  const known = useLoadedModel()?.knowsThinking ?? false;
  if (!known) return null;
  const value = thinking === undefined ? 'own' : thinking ? 'on' : 'off';
  return (
    <Choice
      name="thinking"
      label="Thinking"
      help="Whether the model thinks before it answers: slower, but better at what has to be worked out."
      choices={THINKING}
      value={value}
      onChange={(choice) => change({ thinking: choice === 'own' ? undefined : choice === 'on' })}
    />
  );
}

/** The sliders are in the inspector, beside the figures that they change. */
function KvSummary() {
  const kv = useKvSettings();
  const { view } = useStores();
  return (
    <div className="field">
      <h4>KV cache: mode and rates</h4>
      <p data-testid="kv-summary">
        {kv === undefined ? 'Known once a model is loaded.' : capital(sayKv(kv))}
      </p>
      <button
        type="button"
        className="button setting-button"
        data-testid="go-to-kv"
        onClick={() => goToKvSettings(view)}
      >
        Change in the inspector
      </button>
    </div>
  );
}

const capital = (sentence: string) => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;

function Actions() {
  return (
    <div className="settings-actions">
      <UseForNewChats testId="settings-for-new-chats" />
      <ResetAll />
    </div>
  );
}

function ResetAll() {
  const stores = useStores();
  const settings = useChat((state) => state.settings);
  const model = useLoadedModel();
  const changed = useKv((kv) => model !== undefined && hasOwnSettings(settings, kv, model));
  return (
    <button
      type="button"
      className="button setting-button"
      data-testid="reset-all"
      aria-disabled={!changed || undefined}
      onClick={() => changed && resetSettings(stores)}
    >
      Reset to the model’s defaults
    </button>
  );
}

const THEME_NAMES: Readonly<Record<ThemePreference, string>> = {
  system: 'System',
  light: 'Light',
  dark: 'Dark',
};

function PageSettings() {
  const preference = useTheme((state) => state.preference);
  const choose = useTheme((state) => state.choose);
  const open = useView((view) => view.open);
  return (
    <section className="settings-section" aria-labelledby="settings-page">
      <h3 id="settings-page">This page</h3>
      <Choice
        name="theme"
        label="Theme"
        choices={THEME_PREFERENCES.map((value) => ({ value, label: THEME_NAMES[value] }))}
        value={preference}
        onChange={(value) => choose(value as ThemePreference)}
      />
      <button
        type="button"
        className="button setting-button"
        data-testid="settings-shortcuts"
        onClick={({ currentTarget }) => {
          // Closed first, so that the focus later goes back to where it was before both dialogs.
          currentTarget.closest('dialog')?.close();
          open('shortcuts');
        }}
      >
        Keyboard shortcuts
      </button>
    </section>
  );
}
