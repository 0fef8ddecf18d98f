import { formatDuration, formatSpeed } from '../format';
import type { TimeToFirstToken } from '../../protocol';
import { useChat } from '../stores';
import { Figure, FigureRow, Totals, useLastFigures } from './figures';

const PARTS = [
  { key: 'tokenizeMs', label: 'Tokenise', className: 'time-tokenise' },
  { key: 'prefillMs', label: 'Layers', className: 'time-layers' },
  { key: 'firstTokenMs', label: 'First token', className: 'time-first' },
] as const satisfies readonly { key: keyof TimeToFirstToken; label: string; className: string }[];

/** The two waits of a turn: until the first token, and between tokens from then on. */
export function FirstToken() {
  const { ttft, decodeTokensPerSecond } = useLastFigures();
  const beforeAnyTurn = useChat((state) => state.order.length === 0);
  return (
    <section className="panel">
      <h2>Speed</h2>
      <Totals>
        <Figure
          label="Time to first token"
          text={formatDuration(ttft?.totalMs)}
          value={ttft?.totalMs}
          testId="ttft-ms"
        />
        <Figure
          label="Writing"
          text={formatSpeed(decodeTokensPerSecond)}
          value={decodeTokensPerSecond}
          testId="decode-tps"
        />
      </Totals>
      {beforeAnyTurn && (
        <p className="panel-hint">
          How long the first token takes, split by where the time goes, and how fast the rest follows.
        </p>
      )}
      <div className="time-bar" aria-hidden="true">
        {ttft !== undefined &&
          PARTS.map(({ key, className }) => (
            <span key={key} className={className} style={{ flexGrow: ttft[key] }} />
          ))}
      </div>
      <dl className="figure-rows">
        {PARTS.map(({ key, label, className }) => (
          <FigureRow
            key={key}
            label={label}
            text={formatDuration(ttft?.[key])}
            value={ttft?.[key]}
            swatch={className}
          />
        ))}
      </dl>
    </section>
  );
}
