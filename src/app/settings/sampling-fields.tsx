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
    help: '0 always takes the likeliest token; top-p, top-k and min-p then change nothing. Higher values vary more.',
  },
  {
    key: 'topP',
    label: 'Top-p',
    help: 'Keeps the likeliest tokens that together reach this probability. 1 keeps all.',
  },
  { key: 'topK', label: 'Top-k', help: 'Keeps this many of the likeliest tokens. 0 keeps all.' },
  {
    key: 'minP',
    label: 'Min-p',
    help: 'Keeps tokens at least this fraction as likely as the likeliest. 0 keeps all.',
  },
  {
    key: 'repetitionPenalty',
    label: 'Repetition penalty',
    help: 'Above 1 makes tokens that were used before less likely. 1 changes nothing.',
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
        help="Answers are cut off at this length."
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
        help="Random: a new seed for every answer. Fixed: the same question in the same chat gets the same answer."
        choices={SEEDS}
        value={value === undefined ? 'random' : 'fixed'}
        onChange={(kind) => set(kind === 'fixed' ? 42 : undefined)}
      />
      {value !== undefined && (
        <NumberField
          name="seed"
          label="Fixed seed"
          help="Any whole number. Leave it empty for a random seed."
          rule={SAMPLING_RULES.seed}
          value={value}
          own={undefined}
          onChange={set}
        />
      )}
    </>
  );
}
