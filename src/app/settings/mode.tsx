import type { KvSettings, TurnMode } from '../../protocol';
import { changeKv } from '../store/settings';
import { useStores } from '../stores';

const MODES: readonly { readonly mode: TurnMode; readonly label: string; readonly cost: string }[] = [
  {
    mode: 'exact',
    label: 'Exact',
    cost: 'The small cache plus what follow-ups need (trunk). A follow-up reads only what is new in the first layers, selects afresh for its question, and runs the selected tokens through the rest.',
  },
  {
    mode: 'lean',
    label: 'Lean',
    cost: 'The small cache alone: the least memory. A follow-up reads the whole chat again.',
  },
  {
    mode: 'full',
    label: 'Full',
    cost: 'Every token in every layer: the most memory. A follow-up reads only what is new.',
  },
];

/** What happens to the cache over the turns, each choice with what it costs. */
export function Mode({ settings }: { readonly settings: KvSettings }) {
  const stores = useStores();
  return (
    <div
      className="mode"
      role="radiogroup"
      aria-label="Mode"
      data-testid="mode"
      data-value={settings.turnMode}
    >
      {MODES.map(({ mode, label, cost }) => (
        <label key={mode} className="mode-option">
          <input
            type="radio"
            name="mode"
            value={mode}
            checked={settings.turnMode === mode}
            data-testid={`mode-${mode}`}
            aria-describedby={`mode-${mode}-cost`}
            aria-label={label}
            onChange={() => changeKv(stores, { turnMode: mode })}
          />
          <span className="mode-name">{label}</span>
          <span className="mode-cost" id={`mode-${mode}-cost`}>
            {cost}
          </span>
        </label>
      ))}
      <p className="mode-note">
        After a change of mode, the next message reads the chat again. Changes of rates, budget or pooling do
        not need that.
      </p>
    </div>
  );
}
