/**
 * Dawn's Node binding asks for news in `setImmediate`, again and again: a process that waits for a pipeline keeps a whole
 * core busy, which the threads that compile it want. Once a millisecond is soon enough for a test.
 */
globalThis.setImmediate = ((tick: (...args: unknown[]) => void, ...args: unknown[]) =>
  setTimeout(tick, 1, ...args)) as unknown as typeof setImmediate;
