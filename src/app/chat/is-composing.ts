interface Key {
  readonly nativeEvent: { readonly isComposing: boolean };
  readonly keyCode: number;
}

/** Whether an input method composes: then Enter chooses a character, and Escape takes one back. */
export const isComposing = ({ nativeEvent, keyCode }: Key): boolean =>
  // Safari tells of it only by the old key code.
  nativeEvent.isComposing || keyCode === 229;
