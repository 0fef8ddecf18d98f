import { lazy, Suspense, type ComponentType } from 'react';
import { Prose, type ProseProps } from './prose';

export interface FormulaProps {
  readonly tex: string;
  readonly display: boolean;
}

/** Where it cannot be loaded, formulas stay as they are written. */
const loadMath = () => import('./math');

const Display = lazy<ComponentType<FormulaProps>>(() =>
  loadMath().then(
    ({ Formula }) => ({ default: Formula }),
    () => ({ default: Tex }),
  ),
);

const WithFormulas = lazy<ComponentType<ProseProps>>(() =>
  loadMath().then(
    ({ MathProse }) => ({ default: MathProse }),
    () => ({ default: Prose }),
  ),
);

function Tex({ tex }: Pick<FormulaProps, 'tex'>) {
  return <code className="md-tex">{tex}</code>;
}

interface DisplayFormulaProps {
  readonly tex: string;
  /** As written, while it is still open. */
  readonly source: string;
  readonly closed: boolean;
}

/** A formula in lines of its own. Until it is whole, and KaTeX is there, it is what was written. */
export function DisplayFormula({ tex, source, closed }: DisplayFormulaProps) {
  if (!closed) return <Tex tex={source} />;
  return (
    <Suspense fallback={<Tex tex={tex} />}>
      <Display tex={tex} display />
    </Suspense>
  );
}

/** Prose that has formulas in it; without them until KaTeX is there. */
export function ProseWithFormulas(props: ProseProps) {
  return (
    <Suspense fallback={<Prose {...props} />}>
      <WithFormulas {...props} />
    </Suspense>
  );
}
