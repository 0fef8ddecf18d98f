import type { BufferKind, Buffers } from '../gpu/buffers';
import { readBuffer } from '../gpu/readback';

interface Rested {
  readonly kind: BufferKind;
  readonly label: string;
  readonly content: ArrayBuffer;
}

/** Storage buffers whose content rests outside the GPU. */
export class ParkedBuffers {
  private constructor(
    private readonly buffers: Buffers,
    private readonly rested: ReadonlyMap<GPUBuffer, Rested>,
  ) {}

  /** Reads each buffer and gives it back, one after another, so that little is held twice. */
  static async park(buffers: Buffers, which: readonly GPUBuffer[]): Promise<ParkedBuffers> {
    const rested = new Map<GPUBuffer, Rested>();
    for (const buffer of which) {
      const content = await readBuffer(buffers.device, buffer);
      rested.set(buffer, { kind: buffers.kindOf(buffer), label: buffer.label, content });
      buffers.free(buffer);
    }
    return new ParkedBuffers(buffers, rested);
  }

  get bytes(): number {
    return [...this.rested.values()].reduce((sum, { content }) => sum + content.byteLength, 0);
  }

  /** New buffers with the same content, by the ones that they stand for. */
  restore(): ReadonlyMap<GPUBuffer, GPUBuffer> {
    const made = new Map<GPUBuffer, GPUBuffer>();
    for (const [was, { kind, label, content }] of this.rested) {
      const buffer = this.buffers.storage(kind, label, content.byteLength);
      this.buffers.device.queue.writeBuffer(buffer, 0, content);
      made.set(was, buffer);
    }
    return made;
  }
}
