import { createContext, lazy, memo, Suspense, use, type ComponentType } from 'react';
import { CopyButton } from '../ui/copy-button';
import { useTurn } from './pace';

interface CodeBlockProps {
  /** As the fence says; may be empty. */
  readonly language: string;
  readonly text: string;
}

/** Whether code is still being written: its colours wait until it is whole, because every new line could change them all. */
export const Growing = createContext(false);

/** Longer code stays plain: colouring it would hold up the page. */
const COLOURED = 4000;
const LINES = 40;

interface ColouredProps {
  readonly language: string;
  readonly text: string;
}

/** Where it cannot be loaded, code stays plain. */
const Highlighted = lazy<ComponentType<ColouredProps>>(() =>
  import('./highlighted').catch(() => ({ default: PlainCode })),
);

export const CodeBlock = memo(function CodeBlock({ language, text }: CodeBlockProps) {
  const growing = use(Growing);
  const coloured = !growing && language !== '' && text.length <= COLOURED;
  const name = language === '' ? 'Code' : `Code, ${language}`;
  return (
    <figure className="md-code">
      <figcaption className="md-code-head">
        <span>{language || 'code'}</span>
        <CopyButton text={text} label="Copy code" testId="copy-code" />
      </figcaption>
      <pre role="group" aria-label={name} tabIndex={0}>
        <code>{coloured ? <Coloured language={language} text={text} /> : <PlainCode text={text} />}</code>
      </pre>
    </figure>
  );
});

function Coloured({ language, text }: ColouredProps) {
  const ready = useTurn(text.length);
  const plain = <PlainCode text={text} />;
  if (!ready) return plain;
  return (
    <Suspense fallback={plain}>
      <Highlighted language={language} text={text} />
    </Suspense>
  );
}

/** In stretches of lines, so that a line that is added lays out its own stretch and no other. */
function PlainCode({ text }: { readonly text: string }) {
  const lines = text.split('\n');
  if (lines.length <= LINES) return text;
  const stretches = Array.from({ length: Math.ceil(lines.length / LINES) }, (_, index) =>
    lines.slice(index * LINES, (index + 1) * LINES).join('\n'),
  );
  return stretches.map((stretch, index) => (
    <Stretch key={index} text={index === stretches.length - 1 ? stretch : `${stretch}\n`} />
  ));
}

const Stretch = memo(function Stretch({ text }: { readonly text: string }) {
  return <span className="md-code-lines">{text}</span>;
});
