import { formatBytes } from '../format';
import { useChat, useModel } from '../stores';
import { FigureRow } from './figures';

export function GpuMemory() {
  const memory = useChat((state) => state.memory);
  const weightsAtLoad = useModel(({ status }) =>
    status.state === 'ready' ? status.model.weightsBytes : undefined,
  );
  const parts = [
    { label: 'Weights', bytes: memory?.weightsBytes ?? weightsAtLoad, testId: 'weights-bytes' },
    { label: 'KV buffers', bytes: memory?.kv.allocatedBytes, testId: 'kv-allocated-bytes' },
    { label: 'Scratch', bytes: memory?.scratchBytes, testId: 'scratch-bytes' },
    { label: 'All buffers', bytes: memory?.totalBytes, testId: 'total-bytes' },
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
