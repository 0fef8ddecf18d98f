import type { Buffers } from './gpu/buffers';

/** Rows a buffer: a multiple of every tile, and 128 MiB at a model dim of 8192. */
const ROWS = 4096;

/** The residual stream of a whole prompt between layers, f32 [T, C]. Copied to and from, never bound. */
export class Residual {
  readonly #pages: readonly GPUBuffer[];

  constructor(
    private readonly buffers: Buffers,
    T: number,
    private readonly C: number,
  ) {
    this.#pages = Array.from({ length: Math.ceil(T / ROWS) }, (_, i) =>
      buffers.storage('scratch', 'residual', 4 * C * Math.min(ROWS, T - i * ROWS)),
    );
  }

  /** Tiles start at multiples of their own power of two, so none crosses a page. */
  load(encoder: GPUCommandEncoder, x: GPUBuffer, t0: number, rows: number): void {
    const { page, offset } = this.#place(t0);
    encoder.copyBufferToBuffer(page, offset, x, 0, 4 * this.C * rows);
  }

  store(encoder: GPUCommandEncoder, x: GPUBuffer, t0: number, rows: number): void {
    const { page, offset } = this.#place(t0);
    encoder.copyBufferToBuffer(x, 0, page, offset, 4 * this.C * rows);
  }

  free(): void {
    this.buffers.free(...this.#pages);
  }

  #place(t0: number) {
    return { page: this.#pages[Math.floor(t0 / ROWS)]!, offset: 4 * this.C * (t0 % ROWS) };
  }
}
