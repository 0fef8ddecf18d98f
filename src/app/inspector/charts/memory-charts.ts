/** What the turns took of memory: over time, and layer by layer. */
import type { MemoryReport } from '../../../protocol';
import { formatDuration } from '../../format';
import type { MemorySample } from '../../store/memory-history';
import type { Chart, Paint, Series } from './chart';

const PARTS = [
  ['hotBytes', 'Kept (hot)', 'kv-hot'],
  ['trunkBytes', 'For follow-ups (trunk)', 'kv-trunk'],
  ['scratchBytes', 'Working space (scratch)', 'memory-scratch'],
  ['weightsBytes', 'Weights', 'memory-weights'],
] as const satisfies readonly (readonly [keyof MemorySample, string, Paint])[];

/**
 * One turn after the other: the time between them is left out, in which nothing changes. Weights are many times the rest in
 * most models, so they are drawn when asked for.
 */
export function memoryChart(turns: readonly (readonly MemorySample[])[], withWeights: boolean): Chart {
  const seconds: number[] = [];
  const begins: { x: number; turn: number }[] = [];
  let before = 0;
  turns.forEach((samples, index) => {
    if (samples.length === 0) return;
    begins.push({ x: before, turn: index + 1 });
    seconds.push(...samples.map(({ ms }) => before + ms / 1000));
    before += (samples.at(-1)?.ms ?? 0) / 1000;
  });
  const samples = turns.flat();
  const stacked = PARTS.map(([key, label, paint]): Series => ({
    ...{ key, label, paint, place: 'stacked', hidden: key === 'weightsBytes' && !withWeights },
    values: samples.map((sample) => sample[key]),
  }));
  const full: Series = {
    ...{ key: 'fullBytes', label: 'Full cache', paint: 'kv-full-line', place: 'line' },
    values: samples.map(({ fullBytes }) => fullBytes),
  };
  return {
    name: 'memory',
    title: 'GPU memory while reading and writing',
    unit: 'bytes',
    form: 'areas',
    x: {
      key: 'seconds',
      label: 'Working time',
      values: seconds,
      say: (value) => `After ${formatDuration(value * 1000)}`,
    },
    series: [...stacked, full],
    turns: begins,
  };
}

export function layersChart({ layers, fullBytes }: MemoryReport['kv']): Chart {
  return {
    name: 'kv-layers',
    title: 'KV memory by layer',
    unit: 'bytes',
    form: 'bars',
    x: {
      key: 'layer',
      label: 'Layer',
      values: layers.map((_, layer) => layer),
      say: (layer) => `Layer ${layer}`,
    },
    series: [
      {
        ...{ key: 'fullBytes', label: 'Full cache', paint: 'kv-full', place: 'behind' },
        // A full cache is equally large in every layer.
        values: layers.map(() => fullBytes / layers.length),
      },
      {
        ...{ key: 'bytes', label: 'Kept', paint: 'kv-hot', place: 'stacked' },
        values: layers.map(({ bytes }) => bytes),
      },
    ],
  };
}
