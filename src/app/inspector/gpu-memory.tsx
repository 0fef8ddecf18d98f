import { formatBytes } from '../format';
import { useChat, useModel } from '../stores';
import { FigureRow } from './figures';

export function GpuMemory() {
  const memory = useChat((state) => state.memory);
  const weightsAtLoad = useModel(({ status }) =>
    status.state === 'ready' ? status.model.weightsBytes : undefined,
  );
  const weights = memory?.weightsBytes ?? weightsAtLoad;
  return (
    <section className="panel">
      <h2>GPU memory</h2>
      <dl className="figure-rows">
        <FigureRow label="Weights" text={formatBytes(weights)} value={weights} testId="weights-bytes" />
        <FigureRow
          label="KV buffers"
          text={formatBytes(memory?.kv.allocatedBytes)}
          value={memory?.kv.allocatedBytes}
          testId="kv-allocated-bytes"
        />
        <FigureRow
          label="Scratch"
          text={formatBytes(memory?.scratchBytes)}
          value={memory?.scratchBytes}
          testId="scratch-bytes"
        />
        <FigureRow
          label="All buffers"
          text={formatBytes(memory?.totalBytes)}
          value={memory?.totalBytes}
          testId="total-bytes"
        />
        <FigureRow
          label="Peak"
          text={formatBytes(memory?.peakBytes)}
          value={memory?.peakBytes}
          testId="peak-bytes"
        />
      </dl>
    </section>
  );
}
