import { useSyncExternalStore } from 'react';

/** Where what stands beside the chat elsewhere lies over it. The same width as in the style sheets. */
export const NARROW = '(max-width: 900px)';

export const useIsNarrow = (): boolean =>
  useSyncExternalStore(
    (onChange) => {
      const narrow = matchMedia(NARROW);
      narrow.addEventListener('change', onChange);
      return () => narrow.removeEventListener('change', onChange);
    },
    () => matchMedia(NARROW).matches,
  );
