import { formatBytes } from '../format';
import { useChat } from '../stores';
import { FigureRow } from './figures';

export function GpuMemory() {
  const memory = useChat((state) => state.memory);
  const parts = [
    { label: 'KV buffers, with spare room', bytes: memory?.kv.allocatedBytes, testId: 'kv-allocated-bytes' },
    { label: 'Scratch now', bytes: memory?.scratchBytes, testId: 'scratch-bytes' },
    { label: 'All buffers, weights included', bytes: memory?.totalBytes, testId: 'total-bytes' },
    { label: 'Peak', bytes: memory?.peakBytes, testId: 'peak-bytes' },
  ];
  return (
    <section className="panel">
      <h2>GPU memory</h2>
      <dl className="figure-rows">
        {parts.map(({ label, bytes, testId }) => (
          <FigureRow key={testId} label={label} text={formatBytes(bytes)} value={bytes} testId={testId} />
        ))}
      </dl>
    </section>
  );
}
