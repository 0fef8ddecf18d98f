import { formatBytes } from '../format';
import { MemoryVerdict } from '../memory/memory-verdict';
import type { RememberedModel } from '../store/remembered-models';
import { useDevice, useLoadOptions, useView } from '../stores';

/** Models whose place on this device the browser knows from an earlier visit. */
export function RememberedModels() {
  const remembered = useDevice((device) => device.remembered);
  if (!remembered?.length) return null;
  return (
    <ul className="stored" data-testid="remembered-models" aria-label="Remembered on this device">
      {remembered.map((model) => (
        <RememberedRow key={model.id} model={model} />
      ))}
    </ul>
  );
}

function RememberedRow({ model }: { readonly model: RememberedModel }) {
  const { id, name, totalBytes, config } = model;
  const forget = useDevice((device) => device.forget);
  return (
    <li className="stored-row" data-testid="remembered-model">
      <div className="stored-text">
        <p className="stored-name">{name}</p>
        <p className="transfer-figures">{formatBytes(totalBytes)} · its place is remembered</p>
        {config !== undefined && <MemoryVerdict config={config} />}
      </div>
      <div className="transfer-actions">
        <ReopenButton model={model} label="Load" />
        <button
          type="button"
          className="text-button"
          data-testid="remembered-forget"
          aria-label={`Forget ${name}`}
          onClick={() => void forget(id)}
        >
          Forget
        </button>
      </div>
    </li>
  );
}

/** The click that a browser wants before a page may read the files of an earlier visit. */
export function ReopenButton({ model, label }: { readonly model: RememberedModel; readonly label: string }) {
  const reopen = useDevice((device) => device.reopen);
  const dtype = useLoadOptions((options) => options.dtype);
  const open = useView((view) => view.open);
  const close = useView((view) => view.close);
  return (
    <button
      type="button"
      className="button"
      data-testid="remembered-load"
      aria-label={`${label} ${model.name}`}
      onClick={() => {
        close();
        void reopen(model, { dtype, ask: true }).then((read) => !read && open('models'));
      }}
    >
      {label}
    </button>
  );
}

/** Above the composer: the model of the last visit waits for a click. */
export function ReopenNotice() {
  const asking = useDevice((device) => device.asking);
  const leave = useDevice((device) => device.leave);
  return (
    <div role="status" className="notice-region">
      {asking && (
        <div className="notice" data-testid="reopen-notice">
          <p>
            “{asking.name}” is on this device. The browser needs your click before the page may read it again.
          </p>
          <ReopenButton model={asking} label="Load" />
          <button type="button" className="text-button" onClick={leave}>
            Not now
          </button>
        </div>
      )}
    </div>
  );
}
