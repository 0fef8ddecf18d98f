import type { SamplingOptions } from '../../protocol';
import { changeSampling } from '../store/settings';
import { ANSWER_RULE, SAMPLING_RULES } from '../store/settings-rules';
import { useChat, useLoadedModel, useStores } from '../stores';
import { NumberField } from './number-field';
import { Choice } from './parameter';

interface Field {
  readonly key: Exclude<keyof SamplingOptions, 'seed'>;
  readonly label: string;
  readonly help: string;
}

const FIELDS: readonly Field[] = [
  {
    key: 'temperature',
    label: 'Temperature',
    help: '0 takes the likeliest token every time, and top-p, top-k and min-p then change nothing. Higher varies more.',
  },
  { key: 'topP', label: 'Top-p', help: 'The likeliest tokens that together have this share. 1 keeps all.' },
  { key: 'topK', label: 'Top-k', help: 'This many of the likeliest tokens. 0 keeps all.' },
  {
    key: 'minP',
    label: 'Min-p',
    help: 'Tokens at least this share as likely as the likeliest. 0 keeps all.',
  },
  {
    key: 'repetitionPenalty',
    label: 'Repetition penalty',
    help: 'Above 1 makes tokens that were there before less likely. 1 changes nothing.',
  },
];

/** How the next token is drawn, and how long answers get. What is left empty is the model's own. */
export function SamplingFields() {
  const stores = useStores();
  const { sampling = {}, maxNewTokens } = useChat((state) => state.settings);
  const model = useLoadedModel();
  return (
    <>
      {FIELDS.map(({ key, label, help }) => (
        <NumberField
          key={key}
          name={key}
          label={label}
          help={help}
          rule={SAMPLING_RULES[key]}
          value={sampling[key]}
          own={model?.sampling[key]}
          onChange={(value) => changeSampling(stores, { [key]: value })}
        />
      ))}
      <NumberField
        name="maxNewTokens"
        label="Longest answer, in tokens"
        help="Where an answer is cut off, if it has not ended before."
        rule={model === undefined ? ANSWER_RULE : { ...ANSWER_RULE, max: model.contextLength }}
        value={maxNewTokens}
        own={model?.maxNewTokens}
        onChange={(value) => stores.chat.getState().changeSettings({ maxNewTokens: value })}
      />
      <Seed value={sampling.seed} />
    </>
  );
}

const SEEDS = [
  { value: 'random', label: 'Random' },
  { value: 'fixed', label: 'Fixed' },
];

function Seed({ value }: { readonly value: number | undefined }) {
  const stores = useStores();
  const set = (seed: number | undefined) => changeSampling(stores, { seed });
  return (
    <>
      <Choice
        name="seedKind"
        label="Seed"
        help="Random: another for every answer. Fixed: the same question in the same chat gets the same answer."
        choices={SEEDS}
        value={value === undefined ? 'random' : 'fixed'}
        onChange={(kind) => set(kind === 'fixed' ? 42 : undefined)}
      />
      {value !== undefined && (
        <NumberField
          name="seed"
          label="Fixed seed"
          help="Any whole number. Empty is random again."
          rule={SAMPLING_RULES.seed}
          value={value}
          own={undefined}
          onChange={set}
        />
      )}
    </>
  );
}
