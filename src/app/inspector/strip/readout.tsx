import { formatCount } from '../../format';
import type { Cell } from './strip-data';
import { usePromptText } from './use-prompt-text';

/** A token may hold bytes that only the next one makes a character of. */
const NO_TEXT = '‹no text›';

interface ReadoutProps {
  readonly id: string;
  readonly cell: Cell | undefined;
  readonly tspLayer: number | undefined;
  readonly promptTokens: number;
}

/** What stands under the pointer. Always as tall, so that nothing moves while the pointer does. */
export function Readout({ id, cell, tspLayer, promptTokens }: ReadoutProps) {
  const text = usePromptText(cell?.range, promptTokens);
  return (
    <div className="readout" id={id} data-testid="strip-readout">
      {cell === undefined ? (
        <p className="panel-hint">
          Point at the strip to read which tokens these are. By keyboard: focus it, then use the arrow keys.
        </p>
      ) : (
        <>
          <p className="readout-place">
            <strong>{rowName(cell, tspLayer)}</strong>
            <span>{rangeName(cell)}</span>
          </p>
          <p className="readout-verdict">
            {cell.row !== 'propagated' && cell.counts.length <= MOST_HEADS && <Heads cell={cell} />}
            <span>{verdict(cell)}</span>
          </p>
          <p className="readout-text" data-testid="strip-text">
            {text && (
              <>
                {text.before}
                <mark data-kept={cell.counts.some((count) => count > 0)}>{text.inside || NO_TEXT}</mark>
                {text.after}
              </>
            )}
          </p>
        </>
      )}
    </div>
  );
}

/** More squares than this would push the text out. */
const MOST_HEADS = 12;
/** More than this are counted, not named. */
const MOST_NAMED = 3;

/** A square for each KV head: filled where it keeps all, half where some, hollow where none. */
function Heads({ cell }: { readonly cell: Cell }) {
  const size = cell.range.to - cell.range.from;
  return (
    <span className="heads" aria-hidden="true">
      {cell.counts.map((count, head) => {
        const some = count < size ? 'some' : 'all';
        return (
          <span
            key={head}
            data-keeps={count === 0 ? 'none' : some}
            title={`KV head ${head} keeps ${count} of ${size}`}
          >
            {head}
          </span>
        );
      })}
    </span>
  );
}

function rowName({ row }: Cell, tspLayer: number | undefined): string {
  if (row === 'propagated') return tspLayer === undefined ? 'All layers' : `Past layer ${tspLayer}`;
  return row === tspLayer ? `Layer ${row} (TSP)` : `Layer ${row}`;
}

function rangeName({ range: { from, to } }: Cell): string {
  return to - from === 1
    ? `token ${formatCount(from)}`
    : `tokens ${formatCount(from)}–${formatCount(to - 1)}`;
}

function verdict({ row, range, counts }: Cell): string {
  const size = range.to - range.from;
  if (row === 'propagated') {
    const [count = 0] = counts;
    if (size === 1) return count === 1 ? 'went on' : 'did not go on';
    return `${count} of ${size} went on`;
  }
  const keeping = counts.flatMap((count, head) => (count > 0 ? [head] : []));
  if (keeping.length === 0) return 'let go by every KV head';
  if (counts.every((count) => count === size)) return 'kept by every KV head';
  if (keeping.length > MOST_NAMED) return `kept by ${keeping.length} of ${counts.length} KV heads`;
  if (size === 1) return `kept by KV ${keeping.length === 1 ? 'head' : 'heads'} ${keeping.join(', ')}`;
  return `kept by KV ${keeping.map((head) => `head ${head}: ${counts[head]}`).join(', ')} of ${size}`;
}

/** All of it in one sentence, for a screen reader. */
export function cellText(cell: Cell, tspLayer: number | undefined): string {
  return `${rowName(cell, tspLayer)}, ${rangeName(cell)}, ${verdict(cell)}`;
}
