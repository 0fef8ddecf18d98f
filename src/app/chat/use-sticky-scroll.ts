import { useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Nearer to the end than this counts as following along. */
const NEAR = 120;

/** Keeps the end in view while the content grows, unless the reader has scrolled away. A new message always shows. */
export function useStickyScroll(messageCount: number) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atBottom, setAtBottom] = useState(true);

  const jumpToBottom = () => {
    const element = scroller.current;
    if (element === null) return;
    following.current = true;
    setAtBottom(true);
    element.scrollTop = element.scrollHeight;
  };

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (element === null || inner === null) return;
    const listening = new AbortController();
    let top = element.scrollTop;
    element.addEventListener(
      'scroll',
      () => {
        const { scrollTop, scrollHeight, clientHeight } = element;
        const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
        // What grows faster than it is scrolled leaves nobody behind: to leave takes a scroll upwards.
        following.current = isNear || (following.current && scrollTop >= top);
        top = scrollTop;
        setAtBottom(following.current);
      },
      { signal: listening.signal, passive: true },
    );
    // The frame changes size as well: a growing composer must not push the end out of view.
    const grown = new ResizeObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight;
    });
    grown.observe(inner);
    grown.observe(element);
    return () => {
      listening.abort();
      grown.disconnect();
    };
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    following.current = messageCount > 0;
    setAtBottom(true);
    element.scrollTop = messageCount > 0 ? element.scrollHeight : 0;
  }, [messageCount]);

  return { scroller, content, atBottom, jumpToBottom };
}
