import { allocate, CONVERSATION } from './gpu/allocate';
import { Uniforms } from './gpu/uniforms';
import type { KvStore } from './kv/store';
import type { BoundModel } from './models/bound-model';
import type { Decoder } from './models/decoder';
import { makeDecoder, partFloats } from './models/layers';

/** The forward pass of decoding over the store's caches; made again when their buffers change, not for each token. */
export class Writer {
  #made: { readonly decoder: Decoder; readonly generation: number; free(): void } | undefined;

  constructor(
    private readonly model: BoundModel,
    private readonly store: KvStore,
  ) {}

  /** Rejects with `out-of-memory`. */
  async decoder(): Promise<Decoder> {
    const { hot, kept, generation } = this.store;
    if (this.#made?.generation === generation) return this.#made.decoder;
    this.#made?.free();
    this.#made = undefined;
    const { buffers, spec, weightLayers } = this.model;
    const entries = Math.max(...hot.map(({ capacity }) => capacity));
    const part = await allocate(buffers, CONVERSATION, () =>
      buffers.storage('scratch', 'splits', 4 * partFloats(spec, entries)),
    );
    const uniforms = new Uniforms(buffers);
    const parts = this.model.parts(uniforms);
    const decoder = makeDecoder(parts, weightLayers, { layers: hot, kept, part });
    const free = () => {
      uniforms.free();
      buffers.free(part);
    };
    this.#made = { decoder, generation, free };
    await parts.make.compiled();
    return decoder;
  }
}
