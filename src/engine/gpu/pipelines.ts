import type { Variant } from './compose';
import { bindingsOf, kernelText, type Kernel } from '../kernels/kernel';

const BUFFER_TYPE = { uniform: 'uniform', read: 'read-only-storage', write: 'storage' } as const;

/** Compiles each shader text once, and makes one bind group layout a list of binding types. */
export class Pipelines {
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();

  constructor(readonly device: GPUDevice) {}

  /** Kernels with the same binding types share a layout, so a bind group made for one fits the other. */
  layout(kernel: Kernel): GPUBindGroupLayout {
    const types = bindingsOf(kernel).map(({ type }) => type);
    const key = types.join();
    const known = this.#layouts.get(key);
    if (known) return known;
    const layout = this.device.createBindGroupLayout({
      label: key,
      entries: types.map((type, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: BUFFER_TYPE[type] },
      })),
    });
    this.#layouts.set(key, layout);
    return layout;
  }

  /** Rejects with the compiler's message when the text does not compile: always a fault of ours. */
  get(kernel: Kernel, variant: Variant): Promise<GPUComputePipeline> {
    const code = kernelText(kernel, variant);
    const known = this.#pipelines.get(code);
    if (known) return known;
    const label = `${kernel.name} ${variant.profile} ${variant.dtype} D=${variant.D}`;
    const module = this.device.createShaderModule({ label, code });
    const pipeline = this.device
      .createComputePipelineAsync({
        label,
        layout: this.device.createPipelineLayout({ label, bindGroupLayouts: [this.layout(kernel)] }),
        compute: { module },
      })
      .catch(async (thrown: unknown) => {
        throw new Error(`${String(thrown)}\n${await complaints(module, code)}`);
      });
    this.#pipelines.set(code, pipeline);
    return pipeline;
  }
}

/** The compiler's messages, each with its line of the composed text. */
async function complaints(module: GPUShaderModule, code: string): Promise<string> {
  const lines = code.split('\n');
  const { messages } = await module.getCompilationInfo();
  return messages
    .map(({ lineNum, message }) => `${lineNum}: ${lines[lineNum - 1] ?? ''}\n  ${message}`)
    .join('\n');
}

/** A bind group whose buffers are in the order of the kernel's bindings. */
export function bind(
  pipelines: Pipelines,
  kernel: Kernel,
  buffers: readonly (GPUBuffer | GPUBufferBinding)[],
): GPUBindGroup {
  return pipelines.device.createBindGroup({
    label: kernel.name,
    layout: pipelines.layout(kernel),
    entries: buffers.map((buffer, binding) => ({
      binding,
      resource: 'size' in buffer && 'usage' in buffer ? { buffer } : buffer,
    })),
  });
}
