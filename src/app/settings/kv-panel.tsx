import type { KvParameter, KvSettings, ModelInfo, PolicyInfo } from '../../protocol';
import { isChanged } from '../store/kv-store';
import { changeKv, resetKv } from '../store/settings';
import { useChat, useKv, useKvSettings, useLoadedModel, useStores } from '../stores';
import { KV_SETTINGS_ID } from './go-to-kv-settings';
import { Mode } from './mode';
import { BudgetNote, effectOf, useOutlook } from './outlook';
import { Choice, Parameter, Toggle } from './parameter';
import { TspLayer } from './tsp-layer';
import { UseForNewChats } from './use-for-new-chats';
import './settings.css';

/** How the next turns compress. Drawn from what the engine says of its policies: a new one changes nothing here. */
export function KvPanel() {
  const settings = useKvSettings();
  const model = useLoadedModel();
  return (
    <section className="panel settings" id={KV_SETTINGS_ID} tabIndex={-1} aria-labelledby="kv-settings-title">
      <h2 id="kv-settings-title">KV cache settings</h2>
      <WhenItHolds />
      {settings === undefined || model === undefined ? (
        <p className="panel-hint">How much of the prompt to keep, and where, once a model is loaded.</p>
      ) : (
        <>
          <Mode settings={settings} />
          <PolicySettings settings={settings} model={model} />
          <div className="settings-buttons">
            <UseForNewChats testId="use-for-new-chats" />
            <Reset model={model} />
          </div>
        </>
      )}
    </section>
  );
}

function WhenItHolds() {
  const running = useChat(({ activeId }) => activeId !== undefined);
  const remembers = useKv((state) => state.remembers);
  return (
    <p className="panel-hint settings-hold" data-testid="settings-hold">
      {running
        ? 'This answer keeps the settings it started with. Changes apply from the next message.'
        : 'Changes apply from the next message; the model stays loaded.'}
      {!remembers &&
        ' They are kept only until the page is closed: this browser does not let it store anything.'}
    </p>
  );
}

interface PolicySettingsProps {
  readonly settings: KvSettings;
  readonly model: ModelInfo;
}

function PolicySettings({ settings, model }: PolicySettingsProps) {
  const policies = useKv((state) => state.policies);
  const stores = useStores();
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  // Full mode compresses nothing, whichever policy would; the others are what can be chosen between.
  const compressing = policies.filter(({ name }) => name !== 'full');
  const policy = compressing.find(({ name }) => name === settings.policy);
  const outlook = useOutlook(settings);
  const set = (part: Partial<KvSettings>) => changeKv(stores, part);
  const draw = (parameter: KvParameter) =>
    isAsked(parameter, settings) && (
      <Parameter
        key={parameter.key}
        parameter={parameter}
        settings={settings}
        effect={effectOf(parameter.key, settings, outlook)}
        onChange={set}
      />
    );
  return (
    // Not while it calibrates: the button that stops that is in here.
    <fieldset className="settings-group" disabled={settings.turnMode === 'full' && !calibrating}>
      <legend className="visually-hidden">Compression</legend>
      {compressing.length > 1 && (
        <Choice
          name="policy"
          label="Policy"
          choices={compressing.map(({ name, title }) => ({ value: name, label: title }))}
          value={settings.policy}
          onChange={(name) => set({ policy: name as KvSettings['policy'] })}
        />
      )}
      {policy?.parameters.filter(isSlider).map(draw)}
      <BudgetNote settings={settings} />
      {policy && propagates(policy) && <TspLayer settings={settings} model={model} onChange={set} />}
      <details className="more-settings" data-testid="more-settings">
        <summary>More settings</summary>
        <div className="settings-group">
          {policy?.parameters.filter((parameter) => !isSlider(parameter)).map(draw)}
          <Toggle
            name="parkTrunk"
            label="Park the trunk while writing"
            help="What follow-ups need waits in the worker’s memory instead of the GPU’s, and a follow-up brings it back first. Only in exact mode."
            checked={settings.parkTrunk}
            disabled={settings.turnMode !== 'exact'}
            onChange={(parkTrunk) => set({ parkTrunk })}
          />
        </div>
      </details>
    </fieldset>
  );
}

const isSlider = ({ kind }: KvParameter) => kind === 'number';

const isAsked = (parameter: KvParameter, { budget }: KvSettings) =>
  parameter.kind === 'choice' || parameter.onlyIn === undefined || parameter.onlyIn === budget;

/** Whether it hands only some tokens to the upper layers, so that it matters from which layer on. */
const propagates = ({ parameters }: PolicyInfo) => parameters.some(({ key }) => key === 'tspRate');

function Reset({ model }: { readonly model: ModelInfo }) {
  const settings = useChat((state) => state.settings);
  const changed = useKv((state) => isChanged(state, settings, model));
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  const stores = useStores();
  return (
    <button
      type="button"
      className="button setting-button"
      data-testid="reset-settings"
      // Not `disabled`, which would drop the focus of whoever has just pressed it.
      aria-disabled={!changed || calibrating || undefined}
      onClick={() => changed && !calibrating && resetKv(stores)}
    >
      Reset to the model’s defaults
    </button>
  );
}
