import { useState } from 'react';
import { locateTokens } from '../../store/locate-tokens';
import { useStores } from '../../stores';
import type { TokenRange } from './strip-data';

/** Opens the document that tokens stand for, at their place; or remembers that these stand for none. */
export function useOpenPlace(promptTokens: number) {
  const { chat, model, preview } = useStores();
  const [nowhere, setNowhere] = useState<number>();
  const open = async (range: TokenRange) => {
    const { status } = model.getState();
    if (status.state !== 'ready') return;
    const { documents } = chat.getState();
    const place = await locateTokens(status.api, documents, range, promptTokens);
    if (place === undefined) return setNowhere(range.from);
    preview.getState().open(place.documentId, place.range);
  };
  // An engine that cannot say where it is opens nothing; its own notice tells why.
  const openPlace = (range: TokenRange) => void open(range).catch(() => undefined);
  return { nowhere, openPlace };
}

interface OpenPlaceProps {
  readonly isNowhere: boolean;
  readonly onOpen: () => void;
}

/** As tall with either, so that nothing moves. */
export function OpenPlace({ isNowhere, onOpen }: OpenPlaceProps) {
  return (
    <p className="open-place" role="status">
      {isNowhere ? (
        <span data-testid="strip-nowhere">The question or the template, not a document.</span>
      ) : (
        <button type="button" className="text-button" data-testid="strip-open" onClick={onOpen}>
          Show in the document
        </button>
      )}
    </p>
  );
}
