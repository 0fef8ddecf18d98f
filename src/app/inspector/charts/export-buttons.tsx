import { useRef, useState } from 'react';
import { useLoadedModel, useStores } from '../../stores';
import { saveFile } from '../../ui/save-file';
import type { Chart } from './chart';
import { jsonOf, pngOf } from './export-chart';
import { turnsOf } from './use-turns';

/** The chart to take away: a picture with its title and legend, or its figures. */
export function ExportButtons({ chart }: { readonly chart: Chart }) {
  const model = useLoadedModel();
  const { chat } = useStores();
  const [problem, setProblem] = useState<string>();
  const frame = useRef<HTMLSpanElement>(null);
  const context = () => ({ model, turns: turnsOf(chat.getState()) });

  const savePicture = async () => {
    if (frame.current === null) return;
    try {
      saveFile(`fastkv-${chart.name}.png`, await pngOf(chart, context(), frame.current));
      setProblem(undefined);
    } catch {
      setProblem('The picture could not be drawn. Its figures can still be saved as JSON.');
    }
  };
  const saveFigures = () =>
    saveFile(`fastkv-${chart.name}.json`, new Blob([jsonOf(chart, context())], { type: 'application/json' }));

  return (
    <span ref={frame} className="chart-exports">
      <button
        type="button"
        className="text-button"
        aria-label={`Save PNG: ${chart.title}`}
        data-testid={`save-png-${chart.name}`}
        onClick={() => void savePicture()}
      >
        Save PNG
      </button>
      <button
        type="button"
        className="text-button"
        aria-label={`Save JSON: ${chart.title}`}
        data-testid={`save-json-${chart.name}`}
        onClick={saveFigures}
      >
        Save JSON
      </button>
      <span role="status">{problem}</span>
    </span>
  );
}
