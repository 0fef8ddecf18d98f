import type { StorageDtype } from '../../protocol';
import type { BufferKind, Buffers } from '../gpu/buffers';
import type { ModelSpec } from '../models/spec';
import { elementBytes, roundUp } from '../shapes';

/** Entries that a cache grows by, so that a long answer does not move it every few tokens. */
const GRANULE = 256;

/** Entries reserved for an answer beyond the prompt before the cache has to grow. */
export const ANSWER_ROOM = 256;

/** One layer's keys (after RoPE) and values. */
export interface KvLayer {
  readonly k: GPUBuffer; // [G, capacity, D]
  readonly v: GPUBuffer; // [G, capacity, D]
  /** Entries that each KV head has besides the appended ones. [G] */
  readonly kept: GPUBuffer;
  /** Original positions of those entries, where the layer's attention slides over a selection. [G, capacity] */
  readonly positions: GPUBuffer | undefined;
  readonly capacity: number;
}

/** Entries that a cache has room for when `entries` are asked of it. */
export const capacityFor = (entries: number): number => roundUp(entries, GRANULE);

/** Bytes of one entry's key and value in one head. */
export const entryBytes = (D: number, dtype: StorageDtype): number => 2 * D * elementBytes(dtype);

export interface KvLayersOptions {
  readonly kind: BufferKind;
  readonly label: string;
  readonly count: number;
  readonly dtype: StorageDtype;
  /** Of each layer: whether its entries' positions are kept too. */
  readonly positions?: readonly boolean[];
}

/** Keys and values of some layers, which grow together. */
export class KvLayers {
  layers: readonly KvLayer[] = [];
  capacity = 0;
  readonly #kept: readonly GPUBuffer[];

  constructor(
    private readonly buffers: Buffers,
    private readonly spec: Pick<ModelSpec, 'G' | 'D'>,
    private readonly options: KvLayersOptions,
  ) {
    const { kind, label, count } = options;
    this.#kept = Array.from({ length: count }, () => buffers.storage(kind, `${label} kept`, 4 * spec.G));
  }

  /** Bytes of one entry in every head of one layer. */
  get rowBytes(): number {
    return this.spec.G * entryBytes(this.spec.D, this.options.dtype);
  }

  /**
   * Makes room for `entries` a head, and keeps the first `live` that are there; one layer at a time, so that two caches
   * never coexist. Room for twice as many or more, as after a longer document, is given back. True when buffers changed.
   */
  reserve(entries: number, live: number): boolean {
    const capacity = capacityFor(entries);
    if (entries <= this.capacity && this.capacity < 2 * capacity) return false;
    const was = this.layers;
    this.layers = this.#kept.map((kept, l) => {
      const old = was[l];
      const grown = {
        kept,
        capacity,
        k: this.#grow('k', old?.k, capacity, live),
        v: this.#grow('v', old?.v, capacity, live),
        positions: this.options.positions?.[l]
          ? this.#grow('positions', old?.positions, capacity, live, 4)
          : undefined,
      };
      if (old) this.#free(old);
      return grown;
    });
    this.capacity = capacity;
    return true;
  }

  /** Entries of every head before the appended ones. */
  setKept(entries: number): void {
    const lengths = new Uint32Array(this.spec.G).fill(entries);
    for (const kept of this.#kept) this.buffers.device.queue.writeBuffer(kept, 0, lengths);
  }

  /** Gives everything back. */
  free(): void {
    this.release();
    this.buffers.free(...this.#kept);
  }

  /** Gives keys and values back; `reserve` makes new ones. */
  release(): void {
    for (const layer of this.layers) this.#free(layer);
    this.layers = [];
    this.capacity = 0;
  }

  /** Puts other buffers where the given ones were. */
  replace(buffers: ReadonlyMap<GPUBuffer, GPUBuffer>): void {
    const other = (buffer: GPUBuffer) => buffers.get(buffer) ?? buffer;
    this.layers = this.layers.map((layer) => ({ ...layer, k: other(layer.k), v: other(layer.v) }));
  }

  #free({ k, v, positions }: KvLayer): void {
    this.buffers.free(k, v);
    if (positions) this.buffers.free(positions);
  }

  #grow(
    name: string,
    from: GPUBuffer | undefined,
    capacity: number,
    live: number,
    headBytes = this.rowBytes / 2 / this.spec.G,
  ): GPUBuffer {
    const { device } = this.buffers;
    const { kind, label } = this.options;
    const to = this.buffers.storage(kind, `${label} ${name}`, this.spec.G * capacity * headBytes);
    if (!from || live === 0) return to;
    const encoder = device.createCommandEncoder({ label: 'grow kv' });
    for (let g = 0; g < this.spec.G; g++) {
      const [at, was] = [g * capacity * headBytes, g * this.capacity * headBytes];
      encoder.copyBufferToBuffer(from, was, to, at, live * headBytes);
    }
    device.queue.submit([encoder.finish()]);
    return to;
  }
}
