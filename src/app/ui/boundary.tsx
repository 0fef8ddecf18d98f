import { Component, type ReactNode } from 'react';
import { toFailure } from '../store/engine';
import './boundary.css';

interface BoundaryProps {
  readonly children: ReactNode;
}

interface BoundaryState {
  readonly reason: string | undefined;
}

/** Instead of what could not be drawn: why, and a way out. For the page as a whole, and for parts that are fetched when needed. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { reason: undefined };

  static getDerivedStateFromError(thrown: unknown) {
    return { reason: toFailure(thrown).message };
  }

  override render() {
    const { reason } = this.state;
    return reason === undefined ? this.props.children : <Broken reason={reason} />;
  }
}

function Broken({ reason }: { readonly reason: string }) {
  return (
    <div className="broken problem" role="alert" data-testid="broken">
      <div>
        <p>
          <strong>This part of the page cannot be shown.</strong> If the site was updated since you opened it,
          or the network was off for a moment, reloading helps.
        </p>
        <p className="problem-code">{reason}</p>
      </div>
      <button type="button" className="button" data-testid="reload-page" onClick={() => location.reload()}>
        Reload the page
      </button>
    </div>
  );
}
