import { memo } from 'react';
import type { Container } from './blocks';
import { Growing } from './code-block';
import { ProseWithFormulas } from './formulas';
import { completed } from './growing';
import { hasMath } from './math-source';
import { useTurn } from './pace';
import { Prose } from './prose';

interface PieceProps {
  readonly source: string;
  readonly container: Container | undefined;
  readonly isFirst: boolean;
  /** The end of an answer that is being written: parsed again with every frame. */
  readonly growing: boolean;
}

/** Characters that can be parsed well within a frame, and at all: a piece is longer only where it has no place to be cut. */
const GROWING = 4000;
const LONGEST = 12_000;

/** What formulas take beside words. */
const FORMULAS = 3;

export const Piece = memo(function Piece({ source, container, isFirst, growing }: PieceProps) {
  const isLong = source.length > (growing ? GROWING : LONGEST);
  const math = hasMath(source);
  const ready = useTurn(source.length * (math ? FORMULAS : 1), growing);
  if (isLong || !ready) return <Raw source={source} container={container} isFirst={isFirst} />;
  const shown = growing ? completed(source) : source;
  const Parsed = math && hasMath(shown) ? ProseWithFormulas : Prose;
  return (
    <Growing value={growing}>
      <Parsed source={shown} container={container} isFirst={isFirst} />
    </Growing>
  );
});

/** As written, in the place that it will have. */
function Raw({ source, container, isFirst }: Omit<PieceProps, 'growing'>) {
  switch (container) {
    case 'ul':
    case 'ol':
      return <li className="md-raw">{source}</li>;
    case 'table':
      return (
        <tbody>
          <tr>
            <td className="md-raw">{isFirst ? source : source.split('\n').slice(2).join('\n')}</td>
          </tr>
        </tbody>
      );
    case 'p':
      return source;
    case 'blockquote':
    case undefined:
      return <p className="md-raw">{source}</p>;
    default:
      return container satisfies never;
  }
}
