import { useLayoutEffect, useMemo, useRef, useState, type CSSProperties } from 'react';
import { chunksOf, type Chunk } from '../documents/chunks';
import { formatCount } from '../format';
import type { AttachedDocument } from '../store/conversation';
import type { TextRange } from '../store/preview-store';
import { useChat, usePreview } from '../stores';
import { Dialog } from '../ui/dialog';
import { describe } from './describe-document';
import './document-preview.css';

/** The document that is open to be read, if one is. */
export function DocumentPreview() {
  const { documentId, marked, close } = usePreview((state) => state);
  const document = useChat(({ documents }) => documents.find(({ id }) => id === documentId));
  if (document === undefined) return null;
  // Opened for another place, it begins anew there.
  const key = `${document.id} ${marked?.from ?? ''}`;
  return <Opened key={key} document={document} marked={marked} onClose={close} />;
}

interface OpenedProps {
  readonly document: AttachedDocument;
  readonly marked: TextRange | undefined;
  readonly onClose: () => void;
}

function Opened({ document, marked, onClose }: OpenedProps) {
  const { name, text, pages, note } = document;
  const chunks = useMemo(() => chunksOf(text, pages), [text, pages]);
  const content = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const mark = content.current?.querySelector('mark');
    if (mark) return bringIntoView(mark, 'center');
  }, []);
  return (
    <Dialog title={name} detail={describe(document)} testId="document-dialog" onClose={onClose}>
      <div className="preview" ref={content} data-kind={document.kind}>
        {(pages !== undefined || note !== undefined) && (
          <div className="preview-bar">
            {pages && (
              <PageJump
                pages={pages.length}
                onJump={(page) => {
                  const start = content.current?.querySelector(`[data-page="${page}"]`);
                  if (start) bringIntoView(start, 'start');
                }}
              />
            )}
            {note !== undefined && <p>{note}</p>}
          </div>
        )}
        <div className="preview-text" data-testid="document-text">
          {chunks.map((chunk) => (
            <ChunkText key={chunk.from} text={text} chunk={chunk} marked={marked} />
          ))}
        </div>
      </div>
    </Dialog>
  );
}

/** Stretches that come into view take their true height, so the first place reached may not be the last. */
function bringIntoView(element: Element, block: ScrollLogicalPosition): () => void {
  let left = 4;
  let frame = 0;
  const bring = () => {
    element.scrollIntoView({ block });
    left -= 1;
    if (left > 0) frame = requestAnimationFrame(bring);
  };
  bring();
  return () => cancelAnimationFrame(frame);
}

interface PageJumpProps {
  readonly pages: number;
  readonly onJump: (page: number) => void;
}

function PageJump({ pages, onJump }: PageJumpProps) {
  const [page, setPage] = useState('1');
  return (
    <label className="page-jump">
      Page
      <input
        type="number"
        min={1}
        max={pages}
        value={page}
        data-testid="page-jump"
        onChange={({ target }) => {
          setPage(target.value);
          const wanted = Number(target.value);
          if (wanted >= 1 && wanted <= pages) onJump(Math.floor(wanted));
        }}
      />
      of {formatCount(pages)}
    </label>
  );
}

interface ChunkTextProps {
  readonly text: string;
  readonly chunk: Chunk;
  readonly marked: TextRange | undefined;
}

/** All of the text is there for the browser's own search; what is out of sight is not laid out. */
function ChunkText({ text, chunk: { from, to, page }, marked }: ChunkTextProps) {
  const own = text.slice(from, to);
  const start = marked && Math.max(from, marked.from) - from;
  const end = marked && Math.min(to, marked.to) - from;
  return (
    <div className="preview-chunk" data-page={page} style={{ '--lines': linesOf(own) } as CSSProperties}>
      {start === undefined || end === undefined || end <= start ? (
        own
      ) : (
        <>
          {own.slice(0, start)}
          <mark>{own.slice(start, end)}</mark>
          {own.slice(end)}
        </>
      )}
    </div>
  );
}

/** About as many as it will take: what the scroll bar goes by until they are seen. */
const linesOf = (text: string): number => Math.ceil(text.length / 80) + (text.match(/\n/g)?.length ?? 0) / 2;
