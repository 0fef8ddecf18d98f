import { formatTokens } from '../format';
import type { KvParameter, KvSettings, ModelInfo, PolicyInfo } from '../../protocol';
import { isChanged } from '../store/kv-store';
import { useChat, useKv, useKvSettings, useLoadedModel, useStores } from '../stores';
import { CalibrationPanel } from './calibration-panel';
import { Mode } from './mode';
import { Choice, Parameter, Slider, Toggle } from './parameter';
import './settings.css';

/** How the next turns compress. Drawn from what the engine says of its policies: a new one changes nothing here. */
export function KvPanel() {
  const settings = useKvSettings();
  const model = useLoadedModel();
  return (
    <section className="panel settings">
      <h2>Settings</h2>
      <WhenItHolds />
      {settings === undefined || model === undefined ? (
        <p className="panel-hint">How much of the prompt to keep, and where, once a model is loaded.</p>
      ) : (
        <>
          <Mode settings={settings} />
          <PolicySettings settings={settings} model={model} />
          <Reset model={model} />
        </>
      )}
    </section>
  );
}

function WhenItHolds() {
  const running = useChat(({ activeId }) => activeId !== undefined);
  return (
    <p className="panel-hint" data-testid="settings-hold">
      {running
        ? 'This answer keeps the settings it began with. Changes hold from the next message.'
        : 'Changes hold from the next message; the model stays loaded.'}
    </p>
  );
}

interface PolicySettingsProps {
  readonly settings: KvSettings;
  readonly model: ModelInfo;
}

function PolicySettings({ settings, model }: PolicySettingsProps) {
  const policies = useKv((state) => state.policies);
  const change = useKv((state) => state.change);
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  // Mode full compresses nothing, whichever policy would; the others are what can be chosen between.
  const compressing = policies.filter(({ name }) => name !== 'full');
  const policy = compressing.find(({ name }) => name === settings.policy);
  const set = (part: Partial<KvSettings>) => change(part, model);
  const draw = (parameter: KvParameter) =>
    isAsked(parameter, settings) && (
      <Parameter key={parameter.key} parameter={parameter} settings={settings} onChange={set} />
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
      {policy && propagates(policy) && <TspLayer settings={settings} model={model} onChange={set} />}
      {policy?.parameters.filter((parameter) => !isSlider(parameter)).map(draw)}
      <Toggle
        name="parkTrunk"
        label="Park the trunk while writing"
        help="It waits in the worker’s memory instead of the GPU’s, and a follow-up brings it back first. For mode exact."
        checked={settings.parkTrunk}
        disabled={settings.turnMode !== 'exact'}
        onChange={(parkTrunk) => set({ parkTrunk })}
      />
      <AlwaysKept settings={settings} />
    </fieldset>
  );
}

const isSlider = ({ kind }: KvParameter) => kind === 'number';

const isAsked = (parameter: KvParameter, { budget }: KvSettings) =>
  parameter.kind === 'choice' || parameter.onlyIn === undefined || parameter.onlyIn === budget;

/** Whether it hands only some tokens to the upper layers, so that it matters from which layer on. */
const propagates = ({ parameters }: PolicyInfo) => parameters.some(({ key }) => key === 'tspRate');

interface TspLayerProps extends PolicySettingsProps {
  readonly onChange: (change: Partial<KvSettings>) => void;
}

function TspLayer({ settings, model, onChange }: TspLayerProps) {
  const last = model.layers - 1;
  const value = settings.tspLayer ?? last;
  return (
    <>
      <Slider
        name="tspLayer"
        label="TSP layer"
        help={`Last layer that sees every token, of 0 to ${last}. Lower is faster and riskier; at ${last} every token goes through every layer.`}
        {...{ min: 0, max: last, step: 1, value, text: String(value) }}
        onChange={(tspLayer) => onChange({ tspLayer })}
      />
      <CalibrationPanel />
    </>
  );
}

/** What no setting here gives up. */
function AlwaysKept({ settings }: { readonly settings: KvSettings }) {
  const { window, kernel, protectFirst, protectHeader, floor } = settings;
  const always = [
    `the last ${window} tokens, which score the others`,
    ...(protectFirst > 0 ? [`the first ${protectFirst}`] : []),
    ...(protectHeader ? ['the system part of the template'] : []),
  ];
  return (
    <p className="setting-help" data-testid="always-kept">
      Always kept: {always.join(', ')}. Prompts under {formatTokens(floor)} are kept whole. Scores are pooled
      over {kernel} neighbours.
    </p>
  );
}

function Reset({ model }: { readonly model: ModelInfo }) {
  const changed = useKv((state) => isChanged(state, model));
  const { kv } = useStores();
  return (
    <button
      type="button"
      className="button setting-button"
      data-testid="reset-settings"
      disabled={!changed}
      onClick={() => kv.getState().reset(model)}
    >
      Reset to the model’s defaults
    </button>
  );
}
