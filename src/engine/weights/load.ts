import { invariant } from '../errors';
import { bind } from '../gpu/pipelines';
import type { Session } from '../session';
import { convert, type RawDtype } from '../kernels/convert';
import { packOp } from '../kernels/kernel';
import { place } from '../kernels/place';
import { quantise } from '../kernels/quantise';
import { decodeTensor } from './decode-tensor';
import { giveBack } from './give-back';
import type { Matrix, Piece, Placement, Vector } from './layout';
import type { TensorEntry } from './safetensors';
import type { ByteSource } from './source';
import { stretches, type Part } from './stretches';

/** Longest read. With one stretch being fetched while another is uploaded, well under the 64 MiB that JavaScript may hold. */
export const STRETCH_BYTES = 8 * 2 ** 20;

/** Tensors are cut at multiples of this, so that a stretch holds whole groups: the longest are of 128 elements. */
const CUT_BYTES = 128 * 4;

export interface LoadWeights {
  /** The checkpoint's files, in the order in which they are read. */
  readonly sources: readonly ByteSource[];
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Says where each tensor goes, and how it is held. */
  readonly session: Pick<Session, 'placements' | 'buffers' | 'pipelines' | 'variant'>;
  /** Counts what is read of all files; called with 0 first. */
  onProgress(loadedBytes: number, totalBytes: number): void;
}

/**
 * Streams the placed tensors to the GPU, file after file and each in its order: a stretch is read, uploaded as it is and
 * converted, quantised or placed on the GPU. Rejects with what a source rejects with.
 */
export async function loadWeights(load: LoadWeights): Promise<void> {
  const { placements, buffers } = load.session;
  const { device } = load.session.pipelines;
  // Of a fused tensor, each part has a placement.
  const placed = new Map<TensorEntry, Placement[]>();
  for (const placement of placements) {
    const entry = load.entries.get(placement.tensor);
    invariant(entry, () => `no tensor for ${placement.tensor}`);
    placed.set(entry, [...(placed.get(entry) ?? []), placement]);
  }
  const tensors = [...placed.keys()];
  const reads = load.sources.flatMap((source) => {
    const own = tensors.filter((entry) => entry.source === source);
    return stretches(own, STRETCH_BYTES, CUT_BYTES).map((stretch) => ({ ...stretch, source }));
  });
  const total = reads.reduce((sum, { bytes }) => sum + bytes, 0);
  const staging = buffers.storage('scratch', 'upload', Math.min(STRETCH_BYTES, total));
  const params = buffers.make('scratch', 'convert op', 48, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  const vectors = new Map<Vector, Float32Array<ArrayBuffer>>();
  try {
    let loaded = 0;
    load.onProgress(0, total);
    for (const [i, { source, begin, bytes, parts }] of reads.entries()) {
      const data = await source.read(begin, bytes);
      if (reads[i + 1]?.source !== source) source.release?.();
      // Back-pressure: what writeBuffer holds of the stretch before is gone before the next one is queued.
      await device.queue.onSubmittedWorkDone();
      for (const part of parts) {
        const all = placed.get(part.tensor)!;
        const { to, stride, offset, plus } = all[0]!;
        const slice = data.subarray(part.at, part.at + part.bytes);
        if ('buffer' in to) {
          const values = vectors.get(to) ?? new Float32Array(to.length);
          vectors.set(to, values);
          decodeTensor(part.tensor.dtype, slice).forEach((v, i) => {
            values[(part.from / elementBytes(part.tensor) + i) * stride + offset] = v + plus;
          });
        } else await upload(load, staging, params, { part, slice, placements: all, to });
      }
      giveBack(data);
      load.onProgress((loaded += bytes), total);
    }
    for (const [vector, values] of vectors) device.queue.writeBuffer(vector.buffer, 0, values);
    await device.queue.onSubmittedWorkDone();
  } finally {
    for (const source of load.sources) source.release?.();
    buffers.free(staging, params);
  }
}

const elementBytes = ({ dtype }: TensorEntry): number => (dtype === 'F32' || dtype === 'U32' ? 4 : 2);

interface Upload {
  readonly part: Part;
  readonly slice: Uint8Array<ArrayBuffer>;
  /** All of the tensor's, which lie in one matrix. */
  readonly placements: readonly Placement[];
  readonly to: Matrix;
}

async function upload(
  { session: { pipelines, variant } }: LoadWeights,
  staging: GPUBuffer,
  params: GPUBuffer,
  { part, slice, placements, to }: Upload,
): Promise<void> {
  const { device } = pipelines;
  const { kernel, K, targets, parts } = uploading(part.tensor, placements[0]!, to);
  const pipeline = await pipelines.get(kernel, variant);
  device.queue.writeBuffer(staging, 0, wholeWords(slice));
  const size = elementBytes(part.tensor);
  const stretch = { start: part.from / size, length: part.bytes / size, K };
  for (const { stride, offset } of placements) {
    for (const piece of to.pieces) {
      const { first, count } = piece;
      const op = { ...stretch, stride, offset, first, count, ...parts };
      device.queue.writeBuffer(params, 0, packOp(kernel.op, op));
      const encoder = device.createCommandEncoder({ label: `load ${part.tensor.name}` });
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bind(pipelines, kernel, [params, staging, ...targets(piece)]));
      pass.dispatchWorkgroups(...kernel.grid(variant, op, { rows: 1, position: 0, appended: 0, draw: 0 }));
      pass.end();
      device.queue.submit([encoder.finish()]);
    }
  }
}

/** How a tensor comes into a matrix: by which kernel, with how many elements a row, and into which buffers of a piece. */
function uploading({ dtype, shape }: TensorEntry, { part }: Placement, { K, form }: Matrix) {
  const words = ({ buffer }: Piece): GPUBuffer[] => [buffer];
  if (part === undefined) {
    if (typeof form === 'string') return { kernel: convert[dtype as RawDtype], K, targets: words, parts: {} };
    const targets = ({ buffer, scales }: Piece) => [buffer, scales!];
    return { kernel: quantise(dtype as RawDtype, form), K, targets, parts: {} };
  }
  const own = { kernel: place[dtype === 'U32' || dtype === 'F32' ? 'words' : 'halves'], K: shape[1]! };
  if (part === 'words') return { ...own, targets: words, parts: { parts: 1, part: 0 } };
  const targets = ({ scales }: Piece) => [scales!];
  return { ...own, targets, parts: { parts: 2, part: part === 'scales' ? 0 : 1 } };
}

/** A queue writes whole words only: an odd number of halves gets one more. */
function wholeWords(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(bytes.length + 2);
  padded.set(bytes);
  return padded;
}
