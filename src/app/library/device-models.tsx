import { pickFiles, pickFolder } from '../store/device-files';
import { useDevice } from '../stores';
import './library.css';
import { PickedCard } from './picked-card';
import { Problem } from './problem';
import { RememberedModels } from './remembered-models';
import { TransferCard } from './transfer-card';

/** Models in the visitor's own files, dropped or picked: read where they lie. */
export function DeviceModels() {
  const problem = useDevice((device) => device.problem);
  return (
    <section className="models-section" aria-labelledby="device-models">
      <h3 id="device-models">From this device</h3>
      <p>
        A model’s folder as it is published, with <code>config.json</code>, <code>tokenizer.json</code> and
        safetensors weights. Drop it anywhere on this page, or choose it. It is read where it is; nothing is
        uploaded.
      </p>
      <PickButtons />
      {problem && <Problem error={problem} />}
      <PickedCard />
      <TransferCard of="copy" />
      <RememberedModels />
    </section>
  );
}

function PickButtons() {
  const pick = useDevice((device) => device.pick);
  const examining = useDevice((device) => device.examining);
  return (
    <div className="transfer-actions">
      <button
        type="button"
        className="button"
        data-testid="pick-folder"
        onClick={() => void pick(pickFolder)}
      >
        Choose a folder
      </button>
      <button type="button" className="button" data-testid="pick-files" onClick={() => void pick(pickFiles)}>
        Choose files
      </button>
      <span className="picked-note" role="status">
        {examining && 'Looking through the files…'}
      </span>
    </div>
  );
}
