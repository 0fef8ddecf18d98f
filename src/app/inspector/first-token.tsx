import { formatDuration, formatSpeed } from '../format';
import type { TimeToFirstToken } from '../../protocol';
import type { TurnFigures } from '../store/conversation';
import { useChat } from '../stores';
import { Figure, FigureRow, Totals, useLastFigures } from './figures';

interface Part {
  readonly key: keyof TimeToFirstToken;
  readonly label: (split: Split) => string;
  readonly className: string;
  readonly testId: string;
}

const PARTS: readonly Part[] = [
  {
    key: 'tokenizeMs',
    label: () => 'Text to tokens (tokenise)',
    className: 'time-tokenise',
    testId: 'ttft-tokenise-ms',
  },
  {
    key: 'lowerMs',
    label: ({ T, lower }) => {
      if (T === undefined) return `All layers${lower}`;
      return T === 0 ? `Layer 0${lower}` : `Layers 0–${T}${lower}`;
    },
    className: 'time-lower',
    testId: 'ttft-lower-ms',
  },
  {
    key: 'selectMs',
    label: () => 'Scoring and selecting',
    className: 'time-select',
    testId: 'ttft-select-ms',
  },
  {
    key: 'upperMs',
    label: ({ T = 'T', upper }) => `Layers above ${T}${upper}`,
    className: 'time-upper',
    testId: 'ttft-upper-ms',
  },
  { key: 'firstTokenMs', label: () => 'First token', className: 'time-first', testId: 'ttft-first-ms' },
];

/** Where reading was split, and which tokens went through either side. */
interface Split {
  /** Undefined where it was not: one side is all layers. */
  readonly T: number | string | undefined;
  readonly lower: string;
  readonly upper: string;
}

/** What went where is known once a turn is over; until then a letter stands for T, and nothing is said of the tokens. */
export function splitOf({ kv, compression, ttft }: TurnFigures): Split {
  if (compression === undefined) return { T: 'T', lower: '', upper: '' };
  if (compression.tspLayer !== undefined)
    return { T: compression.tspLayer, lower: ', new tokens', upper: ', selected' };
  // Kept whole, and yet read in two parts: so are the prompts that the same settings select from.
  const inParts = ttft !== undefined && ttft.upperMs > 0 && kv?.turnMode !== 'full';
  return { T: inParts ? kv?.tspLayer : undefined, lower: '', upper: '' };
}

/** The two waits of a turn: until the first token, and between tokens from then on. */
export function FirstToken() {
  const figures = useLastFigures();
  const { ttft, decodeTokensPerSecond } = figures;
  const split = splitOf(figures);
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
            label={part.label(split)}
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
