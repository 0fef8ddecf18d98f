import { useState } from 'react';
import { readNumber, type NumberRule } from '../store/settings-rules';

interface NumberFieldProps {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly rule: NumberRule;
  readonly value: number | undefined;
  /** What holds while the field is empty. */
  readonly own: number | undefined;
  readonly onChange: (value: number | undefined) => void;
}

/** A number that is taken as soon as it is one; until then the field says what is asked for, and the last one stays. */
export function NumberField({ name, label, help, rule, value, own, onChange }: NumberFieldProps) {
  const id = `field-${name}`;
  // What is typed, for as long as nothing else changes the value.
  const [typed, setTyped] = useState<{ readonly text: string; readonly taken: number | undefined }>();
  const text = typed !== undefined && typed.taken === value ? typed.text : (value?.toString() ?? '');
  const read = readNumber(text, rule);
  const inUse = value ?? own;
  const type = (next: string) => {
    const result = readNumber(next, rule);
    setTyped({ text: next, taken: result.ok ? result.value : value });
    if (result.ok) onChange(result.value);
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="text-field"
        inputMode={rule.whole ? 'numeric' : 'decimal'}
        autoComplete="off"
        value={text}
        placeholder={own?.toString() ?? ''}
        aria-invalid={!read.ok}
        aria-describedby={`${id}-help`}
        data-testid={id}
        onChange={({ target }) => type(target.value)}
      />
      <p id={`${id}-help`} className="setting-help" aria-live="polite">
        {read.ok ? (
          help
        ) : (
          <span className="field-problem" data-testid={`${id}-problem`}>
            {read.problem}
            {inUse !== undefined && ` Until then, ${inUse} is used.`}
          </span>
        )}
      </p>
    </div>
  );
}
