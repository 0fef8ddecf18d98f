import { EngineError } from '../errors';
import type { Buffers } from './buffers';

/** What there may be no room for, and what then helps. */
export interface Wanted {
  readonly what: string;
  readonly instead: string;
}

export const MODEL: Wanted = {
  what: 'the model',
  instead: 'Close other tabs, load it with fewer bits (q8 or q4), or take a smaller model.',
};

export const CONVERSATION: Wanted = {
  what: 'the chat',
  instead: 'Close other tabs, switch to lean mode, shorten the document or take a smaller model.',
};

export const READING: Wanted = { ...CONVERSATION, what: 'reading the prompt' };

/**
 * Runs `make`, which creates buffers, and waits for the device's word on them. Rejects with `out-of-memory` when one
 * was refused, also for being larger than the adapter allows, and gives back what was made until then. `make` must not
 * await, so that scopes do not interleave.
 */
export async function allocate<T>(buffers: Buffers, wanted: Wanted, make: () => T): Promise<T> {
  const giveBack = buffers.mark();
  try {
    return await scoped(buffers.device, wanted, make);
  } catch (thrown) {
    giveBack();
    throw thrown;
  }
}

async function scoped<T>(device: GPUDevice, { what, instead }: Wanted, make: () => T): Promise<T> {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  let made: T;
  let refused: GPUError | null;
  try {
    made = make();
  } finally {
    const results = Promise.all([device.popErrorScope(), device.popErrorScope()]);
    refused = await results.then(([memory, invalid]) => memory ?? invalid);
  }
  if (!refused) return made;
  throw new EngineError(
    'out-of-memory',
    `The graphics device has no room for ${what} (${firstLine(refused)}). ${instead}`,
  );
}

/** Browsers say on further lines in which of our calls it was. */
const firstLine = ({ message }: GPUError): string => message.split('\n', 1)[0]!.replace(/\.$/, '');
