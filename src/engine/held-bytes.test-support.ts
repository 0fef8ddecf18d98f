import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of ArrayBuffers that something still refers to. What nobody holds is collected first, however long it would wait. */
export function heldBytes(): number {
  collect();
  collect(); // Buffers that the first one finds dead are freed beside it; the next begins by waiting for that.
  return process.memoryUsage().arrayBuffers;
}
