import { TransferShare } from '../library/transfer-card';
import { useModel, usePageState, useView, type PageState } from '../stores';
import './models.css';

/** One line in the header: which model, what it is doing, and the way to others. How far it has come stands above the composer. */
export function ModelStatus() {
  const state = usePageState();
  const open = useView((view) => view.open);
  const name = useModel((model) => model.name);
  const compiling = useModel(({ status }) => status.state === 'loading' && status.step === 'compiling');
  return (
    <button
      type="button"
      className="model-status"
      data-testid="model-status"
      data-value={state}
      aria-haspopup="dialog"
      title="Models"
      onClick={() => open('models')}
    >
      <span className="model-status-lamp" aria-hidden="true" />
      <span className="model-status-name">{name}</span>
      <span className="model-status-text">{describe(state, compiling)}</span>
      <TransferShare />
      <span className="visually-hidden">: choose a model</span>
    </button>
  );
}

function describe(state: PageState, compiling: boolean): string {
  switch (state) {
    case 'idle':
      return 'starting';
    case 'loading':
      return compiling ? 'compiling' : 'loading';
    case 'ready':
      return 'ready';
    case 'reading':
      return 'reading';
    case 'writing':
      return 'writing';
    case 'calibrating':
      return 'calibrating';
    case 'failed':
      return 'not running';
  }
}
