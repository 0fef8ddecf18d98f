import { useLayoutEffect, useRef } from 'react';

const TALLEST = 200;

/** A text box as tall as its text, between one line and `TALLEST`. */
export function useAutosize(text: string) {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(TALLEST, Math.max(24, element.scrollHeight))}px`;
  }, [text]);
  return box;
}
