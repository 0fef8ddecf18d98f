/** One submission in the making: compute passes and copies in the order in which they are asked for. */
export class Recorder {
  readonly #encoder: GPUCommandEncoder;
  #pass: GPUComputePassEncoder | undefined;

  constructor(device: GPUDevice, label: string) {
    this.#encoder = device.createCommandEncoder({ label });
  }

  /** The pass that is open; dispatches that follow each other share one. */
  get pass(): GPUComputePassEncoder {
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  /** For copies, which have no place in a pass. */
  get copies(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    return this.#encoder;
  }

  finish(): GPUCommandBuffer {
    return this.copies.finish();
  }
}
