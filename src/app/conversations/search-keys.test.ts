import type { KeyboardEvent } from 'react';
import { expect, it, vi } from 'vitest';
import { onSearchKey } from './search-keys';

function press(key: string, query: string, isComposing = false) {
  const event = { key, shiftKey: false, keyCode: 0, nativeEvent: { isComposing }, preventDefault: vi.fn() };
  const did: string[] = [];
  const actions = { query, empty: () => did.push('empty'), leave: () => did.push('leave') };
  onSearchKey(event as unknown as KeyboardEvent, actions);
  return { did, isTaken: event.preventDefault.mock.calls.length > 0 };
}

it('Esc empties the search, then leaves it, and is then no shortcut any more', () => {
  expect(press('Escape', 'lamp')).toEqual({ did: ['empty'], isTaken: true });
  expect(press('Escape', '')).toEqual({ did: ['leave'], isTaken: true });
});

it('leaves every other key alone, and Esc where it takes a composed character back', () => {
  expect(press('a', 'lamp')).toEqual({ did: [], isTaken: false });
  expect(press('Escape', 'lamp', true)).toEqual({ did: [], isTaken: false });
});
