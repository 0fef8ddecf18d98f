import type { Buffers } from './buffers';

/** Uniform offsets must be multiples of this on every adapter. */
const ALIGNMENT = 256;
const PAGE_BYTES = 64 * ALIGNMENT;

/** Bytes that `count` uniforms take. */
export const uniformBytes = (count: number): number =>
  Math.ceil((count * ALIGNMENT) / PAGE_BYTES) * PAGE_BYTES;

/** The small constant uniforms of all kernels, many to a buffer. */
export class Uniforms {
  readonly #pages: GPUBuffer[] = [];
  #used = PAGE_BYTES;

  constructor(private readonly buffers: Buffers) {}

  /** A binding that holds these words, at most 256 bytes. */
  add(words: Uint32Array<ArrayBuffer>): GPUBufferBinding {
    if (this.#used === PAGE_BYTES) {
      const { UNIFORM, COPY_DST } = GPUBufferUsage;
      this.#pages.push(this.buffers.make('scratch', 'uniforms', PAGE_BYTES, UNIFORM | COPY_DST));
      this.#used = 0;
    }
    const buffer = this.#pages.at(-1)!;
    const offset = this.#used;
    this.#used += ALIGNMENT;
    this.buffers.device.queue.writeBuffer(buffer, offset, words);
    return { buffer, offset, size: ALIGNMENT };
  }

  free(): void {
    this.buffers.free(...this.#pages);
  }
}
