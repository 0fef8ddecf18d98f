import type { Buffers } from '../gpu/buffers';
import type { Variant } from '../gpu/compose';
import type { Pipelines } from '../gpu/pipelines';
import { Uniforms } from '../gpu/uniforms';
import type { ModelWeights } from '../weights/layout';
import { WeightLayers, type LayerParts } from './layers';
import { OpMaker } from './ops';
import { isLong, ropesOf } from './rope';
import { writeRopeTables, type Scratch } from './scratch';
import type { ModelSpec } from './spec';

/** A model on a device: weights, scratch, and the lines of its forward pass that need no cache. */
export class BoundModel {
  readonly weightLayers: WeightLayers;
  /** Resolves when those lines may be encoded. */
  readonly compiled: Promise<void>;
  #isLong = false;

  constructor(
    readonly spec: ModelSpec,
    readonly buffers: Buffers,
    readonly pipelines: Pipelines,
    readonly variant: Variant,
    readonly scratch: Scratch,
    readonly weights: ModelWeights,
  ) {
    const parts = this.parts(new Uniforms(buffers));
    this.weightLayers = new WeightLayers(parts);
    this.compiled = parts.make.compiled();
    this.compiled.catch(() => undefined); // whoever awaits it is told
  }

  /**
   * Turns queries and keys as for sequences that may reach `length` tokens. True when that is otherwise than before: keys that
   * a cache holds then are of no use.
   */
  reach(length: number): boolean {
    const long = ropesOf(this.spec).some((rope) => isLong(rope, length));
    if (long === this.#isLong) return false;
    this.#isLong = long;
    writeRopeTables(this.buffers.device, this.scratch.rope, this.spec, length);
    return true;
  }

  /** What lines are made of; they last as long as the uniforms. */
  parts(uniforms: Uniforms): LayerParts {
    const { spec, scratch, weights, pipelines, variant } = this;
    return { spec, scratch, weights, make: new OpMaker(pipelines, variant, uniforms, scratch.step) };
  }
}
