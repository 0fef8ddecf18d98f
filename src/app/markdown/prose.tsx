import { memo, type ComponentProps } from 'react';
import Markdown, { type Components, type ExtraProps, type Options } from 'react-markdown';
import gfm from 'remark-gfm';
import type { Container } from './blocks';
import { CodeBlock } from './code-block';
import { footnotesInPlace, htmlAsText, imagesAsLinks, safeAddress, unwrapped } from './plugins';
import { TableFrame } from './table-frame';

export interface ProseProps {
  readonly source: string;
  /** What the piece is taken out of, because all pieces of its block stand in one. */
  readonly container?: Container | undefined;
  /** Whether it brings the titles of a table. */
  readonly isFirst?: boolean;
}

type Parts = Pick<Options, 'remarkPlugins' | 'components'>;

const REMARK: NonNullable<Options['remarkPlugins']> = [gfm, footnotesInPlace];

/** A piece of an answer. HTML in it is shown as it is written. */
export const Prose = memo(function Prose(props: ProseProps) {
  return <ParsedProse {...props} />;
});

/** The same with other parts beside the usual ones: formulas are kept out of here, so that they load by themselves. */
export function ParsedProse(props: ProseProps & { readonly parts?: Parts }) {
  const { source, container, isFirst = true, parts } = props;
  return (
    <Markdown
      remarkPlugins={[...REMARK, ...(parts?.remarkPlugins ?? [])]}
      rehypePlugins={[htmlAsText, imagesAsLinks, unwrapped(container, isFirst)]}
      components={{ ...COMPONENTS, ...parts?.components }}
      urlTransform={safeAddress}
    >
      {source}
    </Markdown>
  );
}

const COMPONENTS: Components = {
  a: Link,
  pre: Preformatted,
  input: TaskBox,
  table: ({ children }) => <TableFrame>{children}</TableFrame>,
  // The page's own headings are the names of its parts and messages; an answer's stand below them.
  h1: 'h3',
  h2: 'h4',
  h3: 'h5',
  h4: 'h6',
  h5: 'h6',
};

function Link({ href, children }: ComponentProps<'a'>) {
  if (!href) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

/** Code within a list or a quotation. */
export function Preformatted({ node, children }: ComponentProps<'pre'> & ExtraProps) {
  const code = codeIn(node);
  return code === undefined ? <pre>{children}</pre> : <CodeBlock {...code} />;
}

export function codeIn(pre: ExtraProps['node']): { language: string; text: string } | undefined {
  const code = pre?.children[0];
  if (code?.type !== 'element' || code.tagName !== 'code') return undefined;
  const [content] = code.children;
  const classes = code.properties['className'];
  const first = Array.isArray(classes) && typeof classes[0] === 'string' ? classes[0] : '';
  return {
    language: first.replace(/^language-/, ''),
    text: content?.type === 'text' ? content.value.replace(/\n$/, '') : '',
  };
}

function TaskBox({ checked }: ComponentProps<'input'>) {
  return (
    <span className="md-task" role="img" aria-label={checked ? 'done' : 'to do'}>
      {checked ? '☑' : '☐'}
    </span>
  );
}
