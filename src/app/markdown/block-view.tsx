import { Fragment, memo, useState } from 'react';
import type { Block } from './blocks';
import { CodeBlock, Growing } from './code-block';
import { DisplayFormula } from './formulas';
import { Piece } from './piece';
import { sentenceFor } from './sentence';
import { TableFrame } from './table-frame';

interface BlockViewProps {
  readonly block: Block;
  readonly growing: boolean;
}

/** Pieces of a table or list that are drawn before more are asked for: a thousand rows. */
const MOST = 100;

/** Blocks are cut anew with every frame; only one that has changed is drawn anew. */
export const BlockView = memo(
  function BlockView({ block, growing }: BlockViewProps) {
    switch (block.kind) {
      case 'code':
        return (
          <Growing value={growing && !block.closed}>
            <CodeBlock language={block.language} text={block.text} />
          </Growing>
        );
      case 'formula':
        return <DisplayFormula {...block} />;
      case 'prose':
        return <ProseBlock block={sentenceFor(block, growing)} growing={growing} />;
      default:
        return block satisfies never;
    }
  },
  (before, now) => before.growing === now.growing && isSame(before.block, now.block),
);

interface ProseBlockProps {
  readonly block: Extract<Block, { kind: 'prose' }>;
  readonly growing: boolean;
}

function ProseBlock({ block, growing }: ProseBlockProps) {
  const [most, setMost] = useState(MOST);
  const { container, pieces } = block;
  const last = pieces.length - 1;
  const drawn = pieces.slice(0, most).map((source, index) => (
    <Fragment key={index}>
      <Piece
        source={source}
        container={container}
        isFirst={index === 0}
        growing={growing && index === last}
      />
      {/* What parts two sentences is no part of either. */}
      {container === 'p' && /\s*$/.exec(source)?.[0]}
    </Fragment>
  ));
  return (
    <>
      {contained(block, drawn)}
      {pieces.length > most && (
        <button
          type="button"
          className="text-button"
          data-testid="show-more"
          onClick={() => setMost(most + MOST)}
        >
          Show more of this {container === 'table' ? 'table' : 'text'} (
          {Math.round((100 * most) / pieces.length)} % shown)
        </button>
      )}
    </>
  );
}

function contained({ container, start }: ProseBlockProps['block'], pieces: readonly React.ReactNode[]) {
  switch (container) {
    case undefined:
      return pieces;
    case 'table':
      return <TableFrame>{pieces}</TableFrame>;
    case 'ol':
      return <ol start={start}>{pieces}</ol>;
    case 'ul':
      return <ul>{pieces}</ul>;
    case 'p':
      return <p>{pieces}</p>;
    case 'blockquote':
      return <blockquote>{pieces}</blockquote>;
    default:
      return container satisfies never;
  }
}

function isSame(a: Block, b: Block): boolean {
  if (a.kind === 'code')
    return b.kind === 'code' && a.text === b.text && a.language === b.language && a.closed === b.closed;
  if (a.kind === 'formula') return b.kind === 'formula' && a.source === b.source && a.closed === b.closed;
  return (
    b.kind === 'prose' &&
    a.container === b.container &&
    a.start === b.start &&
    a.pieces.length === b.pieces.length &&
    a.pieces.every((piece, index) => piece === b.pieces[index])
  );
}
