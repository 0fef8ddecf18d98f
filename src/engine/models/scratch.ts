/** What all layers share on the GPU while a model is loaded: a tile's activations, the head's, and small tables. */
import type { Buffers } from '../gpu/buffers';
import { candidateCount } from '../kernels/logits_adjust';
import { ropeTable, ropeTableLength } from '../kernels/rope_append';
import { SAMPLING_OP } from '../kernels/sampling';
import { ropeFor, ropesOf } from './rope';
import type { ModelSpec, RopeSpec } from './spec';

export interface Scratch {
  readonly ids: GPUBuffer; // [tile] token ids; the sampler writes ids[0]
  readonly x: GPUBuffer; // [tile, C] residual stream
  readonly h: GPUBuffer; // [tile, C] normed
  readonly qkv: GPUBuffer; // [tile, H+2G, D]
  readonly attn: GPUBuffer; // [tile, H, D]
  readonly act: GPUBuffer; // [tile, F]
  readonly rope: GPUBuffer; // a table for each of the model's RoPEs, one after another
  readonly none: GPUBuffer; // bound where a layer has no bias or norm
  readonly logits: GPUBuffer; // [V]
  readonly adjusted: GPUBuffer; // [V]
  readonly best: GPUBuffer;
  readonly seen: GPUBuffer; // [V] bits
  readonly step: GPUBuffer; // uniform
  readonly sampling: GPUBuffer; // uniform
}

/** Where the table of each of a model's RoPEs begins, in floats, and how long they are together. */
export function ropeTables(spec: ModelSpec) {
  const firsts = new Map<RopeSpec, number>();
  let floats = 0;
  for (const rope of ropesOf(spec)) {
    firsts.set(rope, floats);
    floats += ropeTableLength(rope.dims, spec.contextLength);
  }
  return { firsts, floats: Math.max(4, floats) };
}

/** For sequences that may reach `length` tokens. */
export function writeRopeTables(device: GPUDevice, to: GPUBuffer, spec: ModelSpec, length: number): void {
  for (const [rope, first] of ropeTables(spec).firsts) {
    device.queue.writeBuffer(to, 4 * first, ropeTable(ropeFor(rope, length), spec.contextLength));
  }
}

/** Words of each buffer of scratch, for tiles of `tile` rows. */
export function scratchFloats(spec: ModelSpec, tile: number) {
  const { H, G, D, C, F, V } = spec;
  return {
    ids: tile,
    x: tile * C,
    h: tile * C,
    qkv: tile * (H + 2 * G) * D,
    attn: tile * H * D,
    act: tile * F,
    rope: ropeTables(spec).floats,
    none: 4,
    logits: V,
    adjusted: V,
    best: 2 * candidateCount(V),
    seen: Math.ceil(V / 32),
  };
}

export function makeScratch(spec: ModelSpec, buffers: Buffers, tile: number): Scratch {
  const words = scratchFloats(spec, tile);
  const storage = (label: keyof typeof words) => buffers.storage('scratch', label, 4 * words[label]);
  const uniform = (label: string, count: number) =>
    buffers.make('scratch', label, 4 * count, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  const rope = storage('rope');
  writeRopeTables(buffers.device, rope, spec, 0);
  return {
    ids: storage('ids'),
    x: storage('x'),
    h: storage('h'),
    qkv: storage('qkv'),
    attn: storage('attn'),
    act: storage('act'),
    rope,
    none: storage('none'),
    logits: storage('logits'),
    adjusted: storage('adjusted'),
    best: storage('best'),
    seen: storage('seen'),
    step: uniform('step', 4),
    sampling: uniform('sampling', SAMPLING_OP.length),
  };
}
