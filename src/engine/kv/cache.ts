import type { KvLayerReport, StorageDtype } from '../../protocol';
import type { Buffers } from '../gpu/buffers';
import type { ModelSpec } from '../models/spec';
import { roundUp } from '../shapes';

/** Entries that a cache grows by, so that a long answer does not move it every few tokens. */
const GRANULE = 256;

/** One layer's keys (after RoPE) and values. */
export interface KvLayer {
  readonly k: GPUBuffer; // [G, capacity, D]
  readonly v: GPUBuffer; // [G, capacity, D]
  /** Entries that each KV head has besides the appended ones. [G] */
  readonly kept: GPUBuffer;
}

/**
 * The KV cache of one conversation. Entries are appended in place; a head's length is what it kept plus what was
 * appended since. Truncating sets a length; growing copies on the GPU and needs new bind groups (`generation` changes).
 */
export class KvCache {
  layers: readonly KvLayer[] = [];
  capacity = 0;
  /** Changes when the buffers do. */
  generation = 0;
  /** By layer, while a prompt is being read: layers fill one after another. For reports only. [L] */
  readonly filled: number[];

  #appended = 0;
  readonly #kept: readonly GPUBuffer[];

  constructor(
    private readonly buffers: Buffers,
    private readonly spec: Pick<ModelSpec, 'L' | 'G' | 'D'>,
    private readonly dtype: StorageDtype,
  ) {
    this.filled = new Array<number>(spec.L).fill(0);
    this.#kept = Array.from({ length: spec.L }, (_, l) => buffers.storage('kv', `kept ${l}`, 4 * spec.G));
  }

  /** Entries appended to every head of every layer. */
  get appended(): number {
    return this.#appended;
  }

  set appended(entries: number) {
    this.#appended = entries;
    this.filled.fill(entries);
  }

  /** Bytes of one entry's key and value in one head. */
  get entryBytes(): number {
    return 2 * this.spec.D * (this.dtype === 'f16' ? 2 : 4);
  }

  /** Makes room for `entries` a head. Keeps what is there; one layer at a time, so that two caches never coexist. */
  reserve(entries: number): void {
    if (entries <= this.capacity) return;
    const capacity = roundUp(entries, GRANULE);
    this.layers = this.#kept.map((kept, l) => {
      const old = this.layers[l];
      const grown = {
        kept,
        k: this.#grow(`k ${l}`, old?.k, capacity),
        v: this.#grow(`v ${l}`, old?.v, capacity),
      };
      if (old) this.buffers.free(old.k, old.v);
      return grown;
    });
    this.capacity = capacity;
    this.generation++;
  }

  #grow(label: string, from: GPUBuffer | undefined, capacity: number): GPUBuffer {
    const { device } = this.buffers;
    const rowBytes = this.entryBytes / 2;
    const to = this.buffers.storage('kv', label, this.spec.G * capacity * rowBytes);
    if (!from || this.appended === 0) return to;
    const encoder = device.createCommandEncoder({ label: 'grow kv' });
    for (let g = 0; g < this.spec.G; g++) {
      const [at, was] = [g * capacity * rowBytes, g * this.capacity * rowBytes];
      encoder.copyBufferToBuffer(from, was, to, at, this.appended * rowBytes);
    }
    device.queue.submit([encoder.finish()]);
    return to;
  }

  /** Forgets entries past `length`; their buffers stay. */
  truncate(length: number): void {
    this.appended = Math.min(this.appended, length);
  }

  /** Gives back everything, as after a refused allocation. */
  clear(): void {
    for (const { k, v } of this.layers) this.buffers.free(k, v);
    this.layers = [];
    this.capacity = 0;
    this.appended = 0;
    this.generation++;
  }

  /** Entries in use, by layer and head. */
  report(): KvLayerReport[] {
    const { G } = this.spec;
    return this.filled.map((entries) => ({
      lengths: new Array<number>(G).fill(entries),
      bytes: G * entries * this.entryBytes,
    }));
  }

  /** What a full cache takes for `tokens`. */
  fullBytes(tokens: number): number {
    return this.spec.L * this.spec.G * tokens * this.entryBytes;
  }
}
