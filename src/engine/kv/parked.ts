import type { Buffers } from '../gpu/buffers';
import { readBuffer } from '../gpu/readback';

/** A refusal is for whoever waits, and no fault of the turn. */
async function readQuietly(device: GPUDevice, buffer: GPUBuffer): Promise<ArrayBuffer> {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  const content = readBuffer(device, buffer);
  await Promise.all([device.popErrorScope(), device.popErrorScope(), content]);
  return content;
}

/** Storage buffers of a trunk whose content rests outside the GPU. */
export class ParkedBuffers {
  private constructor(
    private readonly buffers: Buffers,
    private readonly contents: ReadonlyMap<GPUBuffer, ArrayBuffer>,
  ) {}

  /**
   * Reads the buffers, one after another, so that little is held twice on the GPU, and leaves them there. Undefined when
   * they are no longer wanted, or when one cannot be read.
   */
  static async read(
    buffers: Buffers,
    which: readonly GPUBuffer[],
    { isWanted }: { isWanted(): boolean },
  ): Promise<ParkedBuffers | undefined> {
    const contents = new Map<GPUBuffer, ArrayBuffer>();
    try {
      for (const buffer of which) {
        contents.set(buffer, await readQuietly(buffers.device, buffer));
        if (!isWanted()) return undefined;
      }
    } catch {
      return undefined;
    }
    return new ParkedBuffers(buffers, contents);
  }

  /** Gives the buffers back to the GPU. */
  release(): void {
    this.buffers.free(...this.contents.keys());
  }

  /** New buffers with the same content, by the ones that they stand for. */
  restore(): ReadonlyMap<GPUBuffer, GPUBuffer> {
    const made = new Map<GPUBuffer, GPUBuffer>();
    for (const [was, content] of this.contents) {
      const buffer = this.buffers.storage('trunk', was.label, content.byteLength);
      this.buffers.device.queue.writeBuffer(buffer, 0, content);
      made.set(was, buffer);
    }
    return made;
  }
}
