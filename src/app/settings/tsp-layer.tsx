import type { KvSettings, ModelInfo } from '../../protocol';
import { useKv } from '../stores';
import { CalibrationPanel } from './calibration-panel';
import { Slider } from './parameter';

interface TspLayerProps {
  readonly settings: KvSettings;
  readonly model: ModelInfo;
  readonly onChange: (change: Partial<KvSettings>) => void;
}

/** From which layer on only some tokens are seen: set by hand, or by measuring. */
export function TspLayer({ settings, model, onChange }: TspLayerProps) {
  // Its outcome is what this would be set to.
  const calibrating = useKv(({ calibration }) => calibration.state === 'running');
  const last = model.layers - 1;
  const value = settings.tspLayer ?? last;
  return (
    <>
      <Slider
        name="tspLayer"
        label="TSP layer"
        help={
          `Last layer that sees every token, of 0 to ${last}. Lower is faster and riskier; at ${last} every token ` +
          'goes through every layer. After a change, the next message reads the chat again.'
        }
        {...{ min: 0, max: last, step: 1, value, text: String(value), disabled: calibrating }}
        onChange={(tspLayer) => onChange({ tspLayer })}
      />
      <CalibrationPanel settings={settings} model={model} />
    </>
  );
}
