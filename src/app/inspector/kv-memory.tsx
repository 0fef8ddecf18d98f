import { formatBytes, formatCount, formatPercent } from '../format';
import type { KvLayerReport, MemoryReport } from '../../protocol';
import { useChat, useLoadedModel } from '../stores';
import { ExportButtons } from './charts/export-buttons';
import { layersChart } from './charts/memory-charts';
import { Figure, FigureRow, Totals, useLastFigures } from './figures';

/** The KV cache that decoding reads and what follow-ups need besides, against keeping every token in every layer. */
export function KvMemory() {
  const kv = useKvMemory();
  return (
    <section className="panel">
      <h2>Memory of this chat (KV cache)</h2>
      <Totals>
        <Figure
          label="Kept"
          text={formatBytes(kv?.hotBytes || undefined)}
          value={kv?.hotBytes || undefined}
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
      {kv === undefined && (
        <p className="panel-hint">
          Keys and values of every token that decoding reads, against all that a full cache would hold.
        </p>
      )}
      <HeldForUndo />
    </section>
  );
}

/** As last reported. Where nothing is held, as after a first turn stopped while reading, noughts would say nothing. */
function useKvMemory(): MemoryReport['kv'] | undefined {
  return useChat(({ memory }) =>
    memory && memory.kv.hotBytes + memory.kv.trunkBytes > 0 ? memory.kv : undefined,
  );
}

/** The engine keeps the cache of a chat that was left until the next question needs the room. */
function HeldForUndo() {
  const isOther = useChat(({ memory, memoryOf, id }) => memory !== undefined && memoryOf !== id);
  const isAnswered = useChat(({ away }) => away?.activeId !== undefined);
  if (!isOther) return null;
  return (
    <p className="panel-hint" data-testid="held-for-undo">
      {isAnswered
        ? 'This is of the chat that is being answered.'
        : 'This is still held for the previous chat, in case you go back to it. The next message takes its place.'}
    </p>
  );
}

/** What stands beside the cache: the totals that full KV has to be judged with. */
function OtherMemory() {
  const memory = useChat((state) => state.memory);
  const kv = useKvMemory();
  const weightsAtLoad = useLoadedModel()?.weightsBytes;
  const mode = useLastFigures().kv?.turnMode;
  const held = kv && kv.hotBytes + kv.trunkBytes;
  const rows = [
    {
      label: 'Kept for follow-ups (trunk)',
      bytes: kv?.trunkBytes,
      testId: 'kv-trunk-bytes',
      swatch: 'kv-trunk',
    },
    { label: 'of which outside the GPU', bytes: kv?.parkedBytes, testId: 'kv-parked-bytes', inset: true },
    {
      label: 'Held in total',
      bytes: held,
      testId: 'kv-held-bytes',
      note:
        held !== undefined && kv && kv.fullBytes > 0 ? `, ${formatPercent(held / kv.fullBytes)} of full` : '',
    },
    {
      label: 'Peak working space (scratch)',
      bytes: kv?.scratchPeakBytes,
      testId: 'kv-scratch-peak-bytes',
    },
    { label: 'Weights', bytes: memory?.weightsBytes ?? weightsAtLoad, testId: 'weights-bytes' },
  ];
  return (
    <>
      <dl className="figure-rows">
        {rows.map(({ bytes, note = '', ...row }) => (
          <FigureRow key={row.testId} {...row} text={formatBytes(bytes) + note} value={bytes} />
        ))}
      </dl>
      {kv !== undefined && kv.hotBytes + kv.trunkBytes > kv.fullBytes && (
        <p className="panel-hint" data-testid="kv-over-full">
          More than the full cache: exact mode spends memory to answer follow-ups exactly without reading
          again. Lean mode does not.
        </p>
      )}
      {kv !== undefined && mode === 'full' && (
        <p className="panel-hint">In full mode nothing is let go: the cache itself is the trunk.</p>
      )}
      {kv !== undefined && mode === 'lean' && (
        <p className="panel-hint">Lean mode has no trunk: a follow-up reads the chat again.</p>
      )}
    </>
  );
}

interface BarProps {
  readonly kept: number | undefined;
  readonly trunk?: number | undefined;
  readonly full: number | undefined;
}

/** As long as the full cache, or as cache and trunk together where those are more; a mark stands at the full cache. */
function Bar({ kept = 0, trunk = 0, full = 0 }: BarProps) {
  const whole = Math.max(full, kept + trunk);
  const share = (bytes: number) => `${whole > 0 ? (bytes / whole) * 100 : 0}%`;
  return (
    <div className="kv-bar" data-empty={whole === 0} aria-hidden="true">
      <span className="kv-hot" style={{ width: share(kept) }} />
      {trunk > 0 && <span className="kv-trunk" style={{ width: share(trunk) }} />}
      {trunk > 0 && <span className="kv-mark" style={{ left: share(full) }} />}
    </div>
  );
}

/** Layer by layer: heads and layers may keep different numbers of entries. */
export function KvLayers() {
  const kv = useKvMemory();
  const written = useLastFigures().newTokens ?? 0;
  if (kv === undefined) return null;
  return (
    <section className="panel">
      <h2>KV memory by layer</h2>
      <Layers kv={kv} />
      <div className="chart-actions">
        <ExportButtons chart={layersChart(kv)} />
      </div>
      {written > 0 && (
        <p className="panel-hint" data-testid="entries-of-answer">
          The answer counts too: every written token adds an entry to each head, and to the full cache.
        </p>
      )}
    </section>
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
