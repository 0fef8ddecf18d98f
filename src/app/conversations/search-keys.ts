import type { KeyboardEvent } from 'react';
import { isComposing } from '../chat/is-composing';

interface SearchActions {
  readonly query: string;
  empty(): void;
  leave(): void;
}

/** Esc in the search field: empties it, and leaves the chats where it is empty. It stops no answer. */
export function onSearchKey(event: KeyboardEvent, { query, empty, leave }: SearchActions): void {
  if (event.key !== 'Escape' || event.shiftKey || isComposing(event)) return;
  event.preventDefault();
  if (query === '') leave();
  else empty();
}
