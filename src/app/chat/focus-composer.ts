/** Where the focus goes when the element that had it is taken away. */
export function focusComposer(): void {
  document.querySelector<HTMLElement>('[data-testid=composer]')?.focus();
}
