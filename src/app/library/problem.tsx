import type { ReactNode } from 'react';
import type { EngineFailure } from '../../protocol';

interface ProblemProps {
  readonly error: EngineFailure;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

export function Problem({ error, children }: ProblemProps) {
  return (
    <div className="problem library-problem" role="alert" data-testid="library-error" data-code={error.code}>
      <p>
        {error.message} <code className="problem-code">{error.code}</code>
      </p>
      {children}
    </div>
  );
}
