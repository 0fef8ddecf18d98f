/** Loaded with the first formula: KaTeX, its fonts, and Markdown that knows of formulas. */
import katex from 'katex';
import 'katex/dist/katex.min.css';
import { memo, useLayoutEffect, useRef, type ComponentProps } from 'react';
import type { ExtraProps, Options } from 'react-markdown';
import math from 'remark-math';
import type { FormulaProps } from './formulas';
import { mathSource } from './math-source';
import { codeIn, ParsedProse, Preformatted, type ProseProps } from './prose';

/** Longer ones would hold up the page. */
const LONGEST = 2000;
/** Nothing that fetches or links, and neither endless macros nor rules as wide as the page. */
const OPTIONS = { throwOnError: true, strict: 'ignore', trust: false, maxExpand: 200, maxSize: 20 } as const;

/** What cannot be read as a formula is shown as it is written. */
export const Formula = memo(function Formula({ tex, display }: FormulaProps) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    // KaTeX builds elements; its HTML has style attributes, which the page's own policy forbids.
    try {
      if (tex.length > LONGEST) throw new RangeError('too long');
      katex.render(tex, element, { ...OPTIONS, displayMode: display });
      element.className = display ? 'md-formula' : 'md-inline-formula';
    } catch {
      element.textContent = tex;
      element.className = 'md-tex';
    }
  }, [tex, display]);
  if (!display) return <span ref={place} />;
  return (
    <div className="md-formula-frame" role="group" aria-label="Formula" tabIndex={0}>
      <span ref={place} />
    </div>
  );
});

const PARTS: Pick<Options, 'remarkPlugins' | 'components'> = {
  // One dollar is a price more often than a formula; mathSource knows which.
  remarkPlugins: [[math, { singleDollarTextMath: false }]],
  components: { code: CodeOrFormula, pre: PreformattedOrFormula },
};

export const MathProse = memo(function MathProse({ source, ...others }: ProseProps) {
  return <ParsedProse {...others} source={mathSource(source)} parts={PARTS} />;
});

function CodeOrFormula({ className = '', children }: ComponentProps<'code'>) {
  if (!className.includes('math-inline') || typeof children !== 'string') {
    return <code className={className}>{children}</code>;
  }
  return <Formula tex={children} display={false} />;
}

function PreformattedOrFormula(props: ComponentProps<'pre'> & ExtraProps) {
  const code = codeIn(props.node);
  if (code?.language !== 'math') return <Preformatted {...props} />;
  return <Formula tex={code.text} display />;
}
