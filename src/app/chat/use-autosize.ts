import { useLayoutEffect, useRef } from 'react';

const TALLEST = 200;

/**
 * A text box as tall as its text, between one line and `TALLEST`, where the browser does not make it so (composer.css). Where it
 * does, a key lays out the box with the next frame, and not the whole page at once. May go when all browsers know
 * `field-sizing`.
 */
export function useAutosize(text: string) {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || CSS.supports('field-sizing', 'content')) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST, Math.max(24, element.scrollHeight))}px`;
  }, [text]);
  return box;
}
