import type { ReactNode } from 'react';

/** Scrolls a wide table within itself, by keyboard too. */
export function TableFrame({ children }: { readonly children: ReactNode }) {
  return (
    <div className="md-table" role="group" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  );
}
