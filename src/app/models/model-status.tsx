import { useModel, usePageState, type PageState } from '../stores';
import './models.css';

/** One line in the header: which model, and what it is doing. How far it has come stands above the composer. */
export function ModelStatus() {
  const state = usePageState();
  const name = useModel((model) => model.name);
  const compiling = useModel(({ status }) => status.state === 'loading' && status.step === 'compiling');
  return (
    <p className="model-status" data-testid="model-status" data-value={state}>
      <span className="model-status-lamp" aria-hidden="true" />
      <span className="model-status-name">{name}</span>
      <span className="model-status-text">{describe(state, compiling)}</span>
    </p>
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
