/** Loaded with the first code block that names its language. */
import { memo } from 'react';
import Markdown, { type Components, type Options } from 'react-markdown';
import highlight from 'rehype-highlight';
import './highlight.css';

const REHYPE: NonNullable<Options['rehypePlugins']> = [[highlight, { prefix: 'hl-' }]];
/** What is coloured stands in a frame of its own already. */
const COMPONENTS: Components = {
  pre: ({ children }) => children,
  code: ({ children }) => children,
};

interface HighlightedProps {
  readonly language: string;
  readonly text: string;
}

export default memo(function Highlighted({ language, text }: HighlightedProps) {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return (
    <Markdown rehypePlugins={REHYPE} components={COMPONENTS}>
      {`${fence}${language}\n${text}\n${fence}`}
    </Markdown>
  );
});
