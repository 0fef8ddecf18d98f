import { EngineError } from '../errors';
import type { Buffers } from './buffers';

/**
 * Runs `make`, which creates buffers, and waits for the device's word on them. Rejects with `out-of-memory` when one
 * was refused, also for being larger than the adapter allows, and gives back what was made until then. `make` must not
 * await, so that scopes do not interleave.
 */
export async function allocate<T>(buffers: Buffers, what: string, make: () => T): Promise<T> {
  const giveBack = buffers.mark();
  try {
    return await scoped(buffers.device, what, make);
  } catch (thrown) {
    giveBack();
    throw thrown;
  }
}

async function scoped<T>(device: GPUDevice, what: string, make: () => T): Promise<T> {
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
    `The graphics device has no room for ${what} (${refused.message}). ` +
      'Close other tabs, shorten the document or take a smaller model.',
  );
}
