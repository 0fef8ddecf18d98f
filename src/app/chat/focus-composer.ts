import type { SyntheticEvent } from 'react';

/** Where the focus goes when the element that had it is taken away, as by this press of it. */
export function focusComposer(press?: SyntheticEvent): void {
  const event = press?.nativeEvent;
  // A finger left no focus behind, and would be met by the keyboard of the screen.
  if (event instanceof PointerEvent && event.pointerType === 'touch') return;
  document.querySelector<HTMLElement>('[data-testid=composer]')?.focus();
}
