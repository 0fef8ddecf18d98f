import { formatBytes, formatCount, formatPercent } from '../format';
import type { KvLayerReport, MemoryReport } from '../../protocol';
import { useChat } from '../stores';
import { Figure, Totals } from './figures';

/** The KV cache that decoding reads, beside what keeping every token in every layer would take. */
export function KvMemory() {
  const kv = useChat((state) => state.memory?.kv);
  const share = kv && kv.fullBytes > 0 ? kv.hotBytes / kv.fullBytes : undefined;
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
      <Bar share={share} />
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

function Bar({ share }: { readonly share: number | undefined }) {
  return (
    <div className="kv-bar" data-empty={share === undefined} aria-hidden="true">
      {share !== undefined && <span style={{ width: `${Math.min(1, share) * 100}%` }} />}
    </div>
  );
}

function Layers({ kv }: { readonly kv: MemoryReport['kv'] }) {
  // A full cache is equally large in every layer.
  const fullBytes = kv.fullBytes / kv.layers.length;
  return (
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
        <Bar share={share} />
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
