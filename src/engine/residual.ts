import type { Buffers } from './gpu/buffers';
import { RowPages, type RowPage } from './kv/row-pages';

/** The residual stream of a sequence between layers, f32 [T, C]. Copied to and from in tiles, and gathered from. */
export class Residual {
  readonly #rows: RowPages;
  readonly #rowBytes: number;

  constructor(buffers: Buffers, T: number, C: number) {
    this.#rowBytes = 4 * C;
    this.#rows = new RowPages(buffers, 'scratch', 'residual', this.#rowBytes);
    this.#rows.reserve(T);
  }

  get pages(): readonly RowPage[] {
    return this.#rows.pages;
  }

  /** Tiles start at multiples of their own power of two, so none crosses a page. */
  load(encoder: GPUCommandEncoder, x: GPUBuffer, t0: number, rows: number): void {
    const { page, offset } = this.#place(t0);
    encoder.copyBufferToBuffer(page, offset, x, 0, this.#rowBytes * rows);
  }

  store(encoder: GPUCommandEncoder, x: GPUBuffer, t0: number, rows: number): void {
    const { page, offset } = this.#place(t0);
    encoder.copyBufferToBuffer(x, 0, page, offset, this.#rowBytes * rows);
  }

  free(): void {
    this.#rows.free();
  }

  #place(t0: number) {
    const page = this.pages.findLast(({ first }) => first <= t0)!;
    return { page: page.buffer, offset: this.#rowBytes * (t0 - page.first) };
  }
}
