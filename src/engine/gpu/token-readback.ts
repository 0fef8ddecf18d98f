import type { Buffers } from './buffers';
import type { TokenId } from '../shapes';

/** Reads sampled tokens back without making anything: up to `SLOTS` steps may be on their way. */
const SLOTS = 3;

export class TokenReadback {
  readonly #slots: readonly GPUBuffer[];
  #next = 0;

  constructor(buffers: Buffers) {
    const { COPY_DST, MAP_READ } = GPUBufferUsage;
    this.#slots = Array.from({ length: SLOTS }, () =>
      buffers.make('scratch', 'token', 16, COPY_DST | MAP_READ),
    );
  }

  /** Encodes the copy of ids[0]; call the result once the commands are submitted. */
  copy(encoder: GPUCommandEncoder, ids: GPUBuffer): () => Promise<TokenId> {
    const slot = this.#slots[this.#next]!;
    this.#next = (this.#next + 1) % SLOTS;
    encoder.copyBufferToBuffer(ids, 0, slot, 0, 4);
    return async () => {
      await slot.mapAsync(GPUMapMode.READ, 0, 4);
      const [id] = new Uint32Array(slot.getMappedRange(0, 4));
      slot.unmap();
      return id as TokenId;
    };
  }
}
