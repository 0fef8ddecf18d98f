import { formatBytes, formatCount, formatPercent } from '../format';
import type { KvLayerReport, MemoryReport } from '../../protocol';
import { useChat, useLoadedModel } from '../stores';
import { Figure, FigureRow, Totals, useLastFigures } from './figures';

/** The KV cache that decoding reads and what follow-ups need besides, against keeping every token in every layer. */
export function KvMemory() {
  const kv = useChat((state) => state.memory?.kv);
  return (
    <section className="panel">
      <h2>KV memory</h2>
      <Totals>
        <Figure
          label="Kept"
          text={formatBytes(kv?.hotBytes)}
          value={kv?.hotBytes}
          testId="kv-hot-bytes"
          swatch="kv-hot"
        />
        <Figure
          label="Full cache"
          text={formatBytes(kv?.fullBytes)}
          value={kv?.fullBytes}
          testId="kv-full-bytes"
          swatch="kv-full"
        />
      </Totals>
      <Bar kept={kv?.hotBytes} trunk={kv?.trunkBytes} full={kv?.fullBytes} />
      <OtherMemory />
      {kv === undefined ? (
        <p className="panel-hint">
          Keys and values of every token that decoding reads, against all that a full cache would hold.
        </p>
      ) : (
        <Layers kv={kv} />
      )}
    </section>
  );
}

/** What stands beside the cache: the totals that full KV has to be judged with. */
function OtherMemory() {
  const memory = useChat((state) => state.memory);
  const weightsAtLoad = useLoadedModel()?.weightsBytes;
  const mode = useLastFigures().kv?.turnMode;
  const rows = [
    {
      label: 'Trunk, for follow-ups',
      bytes: memory?.kv.trunkBytes,
      testId: 'kv-trunk-bytes',
      swatch: 'kv-trunk',
    },
    { label: 'of it outside the GPU', bytes: memory?.kv.parkedBytes, testId: 'kv-parked-bytes', inset: true },
    { label: 'Scratch, at most', bytes: memory?.kv.scratchPeakBytes, testId: 'kv-scratch-peak-bytes' },
    { label: 'Weights', bytes: memory?.weightsBytes ?? weightsAtLoad, testId: 'weights-bytes' },
  ];
  return (
    <>
      <dl className="figure-rows">
        {rows.map(({ bytes, ...row }) => (
          <FigureRow key={row.testId} {...row} text={formatBytes(bytes)} value={bytes} />
        ))}
      </dl>
      {memory !== undefined && mode === 'full' && (
        <p className="panel-hint">In mode full nothing is let go: the cache itself is the trunk.</p>
      )}
      {memory !== undefined && mode === 'lean' && (
        <p className="panel-hint">Mode lean has no trunk: a follow-up reads the conversation again.</p>
      )}
    </>
  );
}

interface BarProps {
  readonly kept: number | undefined;
  readonly trunk?: number | undefined;
  readonly full: number | undefined;
}

/** As long as the full cache, or as cache and trunk together where those are more. */
function Bar({ kept = 0, trunk = 0, full = 0 }: BarProps) {
  const whole = Math.max(full, kept + trunk);
  const width = (bytes: number) => ({ width: `${whole > 0 ? (bytes / whole) * 100 : 0}%` });
  return (
    <div className="kv-bar" data-empty={whole === 0} aria-hidden="true">
      <span className="kv-hot" style={width(kept)} />
      {trunk > 0 && <span className="kv-trunk" style={width(trunk)} />}
    </div>
  );
}

function Layers({ kv }: { readonly kv: MemoryReport['kv'] }) {
  // A full cache is equally large in every layer.
  const fullBytes = kv.fullBytes / kv.layers.length;
  return (
    // Focusable, so that it can be scrolled with the keyboard.
    <div className="kv-layers-frame" role="region" aria-label="KV memory by layer" tabIndex={0}>
      <table className="kv-layers">
        <caption className="visually-hidden">KV memory by layer</caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Kept of full</th>
            <th scope="col">Entries</th>
            <th scope="col">Bytes</th>
          </tr>
        </thead>
        <tbody>
          {kv.layers.map((layer, index) => (
            <LayerRow key={index} index={index} layer={layer} fullBytes={fullBytes} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface LayerRowProps {
  readonly index: number;
  readonly layer: KvLayerReport;
  readonly fullBytes: number;
}

function LayerRow({ index, layer, fullBytes }: LayerRowProps) {
  const share = fullBytes > 0 ? layer.bytes / fullBytes : 0;
  return (
    <tr data-testid="kv-layer">
      <th scope="row">{index}</th>
      <td>
        <span className="visually-hidden">{formatPercent(share)}</span>
        <Bar kept={layer.bytes} full={fullBytes} />
      </td>
      <td>{entries(layer.lengths)}</td>
      <td data-value={layer.bytes}>{formatBytes(layer.bytes)}</td>
    </tr>
  );
}

/** Heads may keep different numbers of entries: then the least and the most. */
function entries(lengths: readonly number[]): string {
  const least = Math.min(...lengths);
  const most = Math.max(...lengths);
  return least === most ? formatCount(most) : `${formatCount(least)}–${formatCount(most)}`;
}
