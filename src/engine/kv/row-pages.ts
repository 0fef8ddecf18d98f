import type { BufferKind, Buffers } from '../gpu/buffers';
import { roundUp } from '../shapes';

/** Rows a page: a multiple of every tile, and 128 MiB of f32 at a model dim of 8192. */
const ROWS = 4096;
/** Rows that the last page grows by. */
const GRANULE = 256;

/** Rows that pages have room for when `rows` are asked of them. */
export const rowsFor = (rows: number): number => roundUp(rows, GRANULE);

export interface RowPage {
  readonly buffer: GPUBuffer;
  readonly first: number;
  readonly count: number;
}

/** Rows [T, C] in buffers that fit a binding, so that their number is not bound by it. */
export class RowPages {
  pages: readonly RowPage[] = [];

  constructor(
    private readonly buffers: Buffers,
    private readonly kind: BufferKind,
    private readonly label: string,
    private readonly rowBytes: number,
  ) {}

  /**
   * Makes room for `rows`, and keeps what is there of them. Room for twice as many or more is given back, page by page. True
   * when buffers changed.
   */
  reserve(rows: number): boolean {
    const wanted = Array.from({ length: Math.ceil(rows / ROWS) }, (_, i) =>
      rowsFor(Math.min(ROWS, rows - i * ROWS)),
    );
    const before = this.pages;
    this.buffers.free(...before.slice(wanted.length).map(({ buffer }) => buffer));
    this.pages = wanted.map((count, i) => this.#page(i, count, before[i]));
    return before.length !== this.pages.length || this.pages.some((page, i) => page !== before[i]);
  }

  /** Puts other buffers where the given ones were. */
  replace(buffers: ReadonlyMap<GPUBuffer, GPUBuffer>): void {
    this.pages = this.pages.map((page) => ({ ...page, buffer: buffers.get(page.buffer) ?? page.buffer }));
  }

  free(): void {
    this.buffers.free(...this.pages.map(({ buffer }) => buffer));
    this.pages = [];
  }

  #page(i: number, count: number, old: RowPage | undefined): RowPage {
    if (old && old.count >= count && old.count < 2 * count) return old;
    const { device } = this.buffers;
    const buffer = this.buffers.storage(this.kind, this.label, count * this.rowBytes);
    if (old) {
      const encoder = device.createCommandEncoder({ label: `grow ${this.label}` });
      encoder.copyBufferToBuffer(old.buffer, 0, buffer, 0, Math.min(count, old.count) * this.rowBytes);
      device.queue.submit([encoder.finish()]);
      this.buffers.free(old.buffer);
    }
    return { buffer, first: i * ROWS, count };
  }
}
