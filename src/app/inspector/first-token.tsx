import { formatDuration, formatSpeed } from '../format';
import type { Compression, TimeToFirstToken } from '../../protocol';
import { useChat } from '../stores';
import { Figure, FigureRow, Totals, useLastFigures } from './figures';

interface Part {
  readonly key: keyof TimeToFirstToken;
  readonly label: (T: number | string) => string;
  /** Where every token went through every layer. */
  readonly wholeLabel?: string;
  readonly className: string;
  readonly testId: string;
}

const PARTS: readonly Part[] = [
  { key: 'tokenizeMs', label: () => 'Tokenise', className: 'time-tokenise', testId: 'ttft-tokenise-ms' },
  {
    key: 'lowerMs',
    label: (T) => (T === 0 ? 'Layer 0, all tokens' : `Layers 0–${T}, all tokens`),
    wholeLabel: 'All layers, all tokens',
    className: 'time-lower',
    testId: 'ttft-lower-ms',
  },
  { key: 'selectMs', label: () => 'Select', className: 'time-select', testId: 'ttft-select-ms' },
  {
    key: 'upperMs',
    label: (T) => `Layers above ${T}, selected`,
    wholeLabel: 'Layers above T',
    className: 'time-upper',
    testId: 'ttft-upper-ms',
  },
  { key: 'firstTokenMs', label: () => 'First token', className: 'time-first', testId: 'ttft-first-ms' },
];

/** The number of T is known once a turn is over; until then the letter stands for it. */
function labelOf({ label, wholeLabel }: Part, compression: Compression | undefined): string {
  if (compression === undefined) return label('T');
  return compression.tspLayer === undefined ? (wholeLabel ?? label('T')) : label(compression.tspLayer);
}

/** The two waits of a turn: until the first token, and between tokens from then on. */
export function FirstToken() {
  const { ttft, compression, decodeTokensPerSecond } = useLastFigures();
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
        {PARTS.map((part) => (
          <FigureRow
            key={part.key}
            label={labelOf(part, compression)}
            text={formatDuration(ttft?.[part.key])}
            value={ttft?.[part.key]}
            swatch={part.className}
            testId={part.testId}
          />
        ))}
      </dl>
    </section>
  );
}
