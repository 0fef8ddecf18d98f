import type { Variant } from '../gpu/compose';
import type { Pipelines } from '../gpu/pipelines';
import { bind } from '../gpu/pipelines';
import { readBuffer } from '../gpu/readback';
import { bindingsOf, packOp, packStep, type Kernel } from './kernel';
import { decodeStored, encodeStored, type KernelCase, type Values } from './cases';

/** Words behind every output that no kernel may touch. */
const CANARY = 0x5afe_c0de;
const CANARY_WORDS = 16;

/** A case laid out on a device, ready to be dispatched any number of times. */
export interface PreparedCase {
  encode(pass: GPUComputePassEncoder): void;
  /** Content of the binding, decoded as given in the case; throws when a canary behind it died. */
  read(name: string): Promise<Values>;
  destroy(): void;
}

const isStored = (kernel: Kernel, name: string) => kernel.stored.includes(name);

function upload(
  device: GPUDevice,
  kernel: Kernel,
  name: string,
  values: Values,
  variant: Variant,
): GPUBuffer {
  const stored = isStored(kernel, name)
    ? encodeStored(values as Float32Array<ArrayBuffer>, variant.dtype)
    : values;
  const buffer = device.createBuffer({
    label: name,
    size: stored.byteLength + 4 * CANARY_WORDS,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, stored);
  device.queue.writeBuffer(buffer, stored.byteLength, new Uint32Array(CANARY_WORDS).fill(CANARY));
  return buffer;
}

function uniform(device: GPUDevice, words: Uint32Array<ArrayBuffer>): GPUBuffer {
  const size = Math.ceil(words.byteLength / 16) * 16;
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, words);
  return buffer;
}

/** Only the values are bound, not the canary, so that a shader's arrayLength is the real one. */
export async function prepareCase(
  pipelines: Pipelines,
  kernel: Kernel,
  variant: Variant,
  { op, step, buffers }: KernelCase,
): Promise<PreparedCase> {
  const { device } = pipelines;
  const made = new Map<string, GPUBuffer>();
  const entries = bindingsOf(kernel).map(({ name, type }): GPUBufferBinding => {
    const words = name === 'op' ? packOp(kernel.op, op) : packStep(step);
    const buffer =
      type === 'uniform' ? uniform(device, words) : upload(device, kernel, name, buffers[name]!, variant);
    made.set(name, buffer);
    return type === 'uniform' ? { buffer } : { buffer, size: buffer.size - 4 * CANARY_WORDS };
  });
  const pipeline = await pipelines.get(kernel, variant);
  const group = bind(pipelines, kernel, entries);
  const grid = kernel.grid(variant, op, step);
  return {
    encode(pass) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...grid);
    },
    async read(name) {
      const words = new Uint32Array(await readBuffer(device, made.get(name)!));
      const canary = words.slice(words.length - CANARY_WORDS);
      if (canary.some((word) => word !== CANARY))
        throw new Error(`${kernel.name} wrote past the end of ${name}`);
      const content = words.slice(0, words.length - CANARY_WORDS);
      if (isStored(kernel, name)) return decodeStored(content, variant.dtype);
      return buffers[name] instanceof Uint32Array ? content : new Float32Array(content.buffer);
    },
    destroy: () => made.forEach((buffer) => buffer.destroy()),
  };
}

export function dispatchOnce({ device }: Pipelines, prepared: PreparedCase, times = 1): void {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (let i = 0; i < times; i++) prepared.encode(pass);
  pass.end();
  device.queue.submit([encoder.finish()]);
}
