import type { Variant } from '../gpu/compose';
import { bind, type Pipelines } from '../gpu/pipelines';
import type { Uniforms } from '../gpu/uniforms';
import { bindingsOf, packOp, type Kernel, type OpValues, type Step } from '../kernels/kernel';

/** Prefill and decode go through different kernels, chosen by phase and never by T, so that tiles do not change sums. */
export type Phase = 'prefill' | 'decode';

/** One line of the forward pass, ready to be encoded any number of times without making anything. */
export interface Op {
  encode(pass: GPUComputePassEncoder, step: Step, phase: Phase): void;
}

/** Makes dispatches: compiles in the background, binds at once. */
export class OpMaker {
  readonly #compiling: Promise<unknown>[] = [];

  constructor(
    readonly pipelines: Pipelines,
    readonly variant: Variant,
    private readonly uniforms: Uniforms,
    private readonly step: GPUBuffer,
  ) {}

  /** Buffers by binding name; `op` and `step` are filled in where they are not given. */
  dispatch(kernel: Kernel, values: OpValues, buffers: Readonly<Record<string, GPUBuffer>>): Op {
    return this.#over([kernel], values, buffers, () => 0);
  }

  /** Two kernels with the same bindings: one for each phase. */
  phased(kernels: Record<Phase, Kernel>, values: OpValues, buffers: Readonly<Record<string, GPUBuffer>>): Op {
    return this.#over([kernels.prefill, kernels.decode], values, buffers, (phase) =>
      phase === 'prefill' ? 0 : 1,
    );
  }

  /** Resolves when everything made so far is compiled; before that, nothing may be encoded. */
  async compiled(): Promise<void> {
    await Promise.all(this.#compiling);
  }

  #over(
    kernels: readonly Kernel[],
    values: OpValues,
    buffers: Readonly<Record<string, GPUBuffer>>,
    choose: (phase: Phase) => number,
  ): Op {
    const { pipelines, variant } = this;
    const op = this.uniforms.add(packOp(kernels[0]!.op, values));
    const group = bind(
      pipelines,
      kernels[0]!,
      bindingsOf(kernels[0]!).map(({ name }) => buffers[name] ?? (name === 'step' ? this.step : op)),
    );
    const compiled: GPUComputePipeline[] = [];
    kernels.forEach((kernel, i) => {
      this.#compiling.push(pipelines.get(kernel, variant).then((pipeline) => (compiled[i] = pipeline)));
    });
    return {
      encode(pass, step, phase) {
        const i = choose(phase);
        pass.setPipeline(compiled[i]!);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...kernels[i]!.grid(variant, values, step));
      },
    };
  }
}

/** Several ops as one line. */
export const sequence = (ops: readonly Op[]): Op => ({
  encode(pass, step, phase) {
    for (const op of ops) op.encode(pass, step, phase);
  },
});
