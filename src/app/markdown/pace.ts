import { useEffect, useState } from 'react';

/** Characters that may be parsed in one frame beyond the answer that is being written: a few milliseconds' worth. */
const PER_FRAME = 1200;

type Start = () => void;

let spent = 0;
let resetting = false;
const waiting: { readonly cost: number; readonly start: Start }[] = [];

function nextFrame(): void {
  resetting = false;
  spent = 0;
  // The last to come is the lowest on the page, and that is where the page is looked at.
  for (let turn = waiting.at(-1); turn !== undefined && take(turn.cost); turn = waiting.at(-1)) {
    waiting.pop();
    turn.start();
  }
}

/** Whether this frame has room for it. One that is too large for any frame gets one to itself. */
function take(cost: number): boolean {
  if (!resetting) {
    resetting = true;
    // A hidden page has no frames, and nobody who waits for one.
    if (document.hidden) setTimeout(nextFrame, 50);
    else requestAnimationFrame(nextFrame);
  }
  if (spent > 0 && spent + cost > PER_FRAME) return false;
  spent += cost;
  return true;
}

/**
 * False until it is this component's turn to do something that takes as long as parsing `cost` characters: so a long
 * conversation that is opened at once is drawn bit by bit, from its end, and the page stays usable. Stays true from then on.
 */
export function useTurn(cost: number, now = false): boolean {
  const [ready, setReady] = useState(() => now || typeof document === 'undefined' || take(cost));
  useEffect(() => {
    if (ready) return;
    const turn = { cost, start: () => setReady(true) };
    waiting.push(turn);
    take(0);
    return () => {
      const at = waiting.indexOf(turn);
      if (at !== -1) waiting.splice(at, 1);
    };
  }, [ready, cost]);
  return ready;
}
