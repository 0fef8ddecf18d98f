import { EngineError } from '../errors';
import { roundUp } from '../shapes';

export type BufferKind = 'weights' | 'kv' | 'trunk' | 'scratch';

/** Bytes that a buffer takes when `bytes` are asked of it. */
export const bufferBytes = (bytes: number): number => Math.max(16, roundUp(bytes, 16));

/** The largest storage buffer that a device makes and binds whole. */
export const mostBufferBytes = ({ maxBufferSize, maxStorageBufferBindingSize }: GPUSupportedLimits): number =>
  Math.min(maxBufferSize, maxStorageBufferBindingSize);

/**
 * Makes and frees every GPUBuffer of a model, so that what the panel shows is summed from live buffers.
 * Not for binding or reading: a GPUBuffer is used as it is.
 */
export class Buffers {
  readonly #live = new Map<GPUBuffer, BufferKind>();
  #peak = 0;
  #scratchPeak = 0;

  constructor(readonly device: GPUDevice) {}

  /** A storage buffer that copies may fill and read, zeroed, its size rounded up to 16 bytes. */
  storage(kind: BufferKind, label: string, bytes: number, usage: GPUBufferUsageFlags = 0): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    return this.make(kind, label, bytes, STORAGE | COPY_SRC | COPY_DST | usage);
  }

  /** Throws `out-of-memory` when the device does not make, or does not bind, a buffer of that size. */
  make(kind: BufferKind, label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = bufferBytes(bytes);
    const { limits } = this.device;
    const most = usage & GPUBufferUsage.STORAGE ? mostBufferBytes(limits) : limits.maxBufferSize;
    if (size > most) {
      throw new EngineError(
        'out-of-memory',
        `A buffer of ${size} bytes is needed (${label}), and this graphics device allows ${most}. ` +
          'Shorten the document or take a smaller model.',
      );
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#live.set(buffer, kind);
    this.#peak = Math.max(this.#peak, this.bytes());
    if (kind === 'scratch') this.#scratchPeak = Math.max(this.#scratchPeak, this.bytes(kind));
    return buffer;
  }

  free(...buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) {
      this.#live.delete(buffer);
      buffer.destroy();
    }
  }

  freeAll(): void {
    this.free(...this.#live.keys());
  }

  /** Bytes of live buffers, of one kind or of all. */
  bytes(kind?: BufferKind): number {
    let sum = 0;
    for (const [buffer, of] of this.#live) if (kind === undefined || of === kind) sum += buffer.size;
    return sum;
  }

  /** The most bytes that were live at once, ever. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** The most bytes of scratch that were live at once since `beginPeak`. */
  get scratchPeakBytes(): number {
    return this.#scratchPeak;
  }

  /** Begins to look for the scratch peak anew, as at the start of a turn. */
  beginPeak(): void {
    this.#scratchPeak = this.bytes('scratch');
  }

  /** Frees, when called, everything made since. */
  mark(): () => void {
    const before = new Set(this.#live.keys());
    return () => this.free(...[...this.#live.keys()].filter((buffer) => !before.has(buffer)));
  }
}
