import { formatPercent, formatTokens } from '../format';
import type { KvParameter, KvSettings } from '../../protocol';

interface ParameterProps {
  readonly parameter: KvParameter;
  readonly settings: KvSettings;
  /** What its value comes to just now. */
  readonly effect?: string | undefined;
  readonly onChange: (change: Partial<KvSettings>) => void;
}

/** One setting as its policy describes it. */
export function Parameter({ parameter, settings, effect, onChange }: ParameterProps) {
  const { key, label, help } = parameter;
  switch (parameter.kind) {
    case 'number': {
      const { min, max, step, unit } = parameter;
      const value = Number(settings[parameter.key]);
      const text = unit === 'share' ? formatPercent(value) : formatTokens(value);
      return (
        <Slider
          name={key}
          {...{ label, help, min, max, step, value, text, effect }}
          onChange={(next) => onChange({ [key]: next })}
        />
      );
    }
    case 'choice':
      return (
        <Choice
          name={key}
          label={label}
          help={help}
          choices={parameter.choices}
          value={settings[parameter.key]}
          onChange={(next) => onChange({ [key]: next })}
        />
      );
    default:
      return parameter satisfies never;
  }
}

interface SliderProps {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  /** The value with its unit. */
  readonly text: string;
  readonly effect?: string | undefined;
  readonly disabled?: boolean;
  readonly onChange: (value: number) => void;
}

export function Slider({ name, label, help, text, effect, onChange, ...range }: SliderProps) {
  const id = `setting-${name}`;
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id}>{text}</output>
      <input
        id={id}
        type="range"
        {...range}
        aria-valuetext={text}
        aria-describedby={`${id}-help`}
        data-testid={id}
        onChange={({ target }) => onChange(target.valueAsNumber)}
      />
      <p className="setting-help" id={`${id}-help`}>
        {help}
        {effect !== undefined && <strong data-testid={`${id}-effect`}> {effect}</strong>}
      </p>
    </div>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  /** For screen readers alone, where a heading says it. */
  readonly hideLabel?: boolean;
  readonly help?: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** One of a few, side by side. */
export function Choice({ name, label, hideLabel = false, help, choices, value, onChange }: ChoiceProps) {
  const id = `setting-${name}`;
  return (
    <div className="setting">
      <span id={`${id}-label`} className={hideLabel ? 'visually-hidden' : undefined}>
        {label}
      </span>
      <div
        className="segments"
        role="radiogroup"
        aria-labelledby={`${id}-label`}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        data-testid={id}
        data-value={value}
      >
        {choices.map((choice) => (
          <label key={choice.value} className="segment">
            <input
              type="radio"
              name={id}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span>{choice.label}</span>
          </label>
        ))}
      </div>
      {help !== undefined && (
        <p className="setting-help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

interface ToggleProps {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Toggle({ name, label, help, checked, disabled, onChange }: ToggleProps) {
  const id = `setting-${name}`;
  return (
    <div className="setting">
      <label className="toggle">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={`${id}-help`}
          data-testid={id}
          onChange={({ target }) => onChange(target.checked)}
        />
        {label}
      </label>
      <p className="setting-help" id={`${id}-help`}>
        {help}
      </p>
    </div>
  );
}
