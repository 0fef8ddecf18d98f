import type { Pacer } from './gpu/pacer';
import { packStep, type Step } from './kernels/kernel';
import { encodeKeysAndValues, encodeLayer, type Decoder } from './models/decoder';
import type { Scratch } from './models/layers';
import type { ModelSpec } from './models/spec';
import type { Residual } from './residual';

/** Largest tile, and the rows that scratch has room for: a power of two. */
export const MOST_ROWS = 512;
/** Smallest tile; below it matmuls waste their own tiles. */
const LEAST_ROWS = 32;

export interface Prefill {
  readonly device: GPUDevice;
  readonly spec: ModelSpec;
  readonly decoder: Decoder;
  readonly scratch: Scratch;
  readonly pacer: Pacer;
  /** Rows of every tile, where a test wants to choose them. */
  readonly fixedRows: number | undefined;
  /** Holds x of all rows between layers. Undefined when they fit one tile, and x stays in scratch. */
  readonly residual: Residual | undefined;
  /** The tokens to compute; [T] */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** Entries that the cache holds before them. */
  readonly cached: number;
  readonly signal: AbortSignal;
  /** When the device is through with a submission: the share of the multiply-adds done, and how far a layer's cache is filled. */
  onProgress(share: number, layer: number, entries: number): void;
}

/** Multiply-adds of one row in q, k and v_proj. */
const qkvWork = ({ C, H, G, D }: ModelSpec): number => C * (H + 2 * G) * D;

/** Multiply-adds of a layer for rows from..to of a conversation: linear parts and attention. */
const layerWork = (spec: ModelSpec, from: number, to: number): number => {
  const { C, H, D, F } = spec;
  return (to - from) * (qkvWork(spec) + H * D * C + 3 * C * F) + H * D * (to - from) * (to + from);
};

/** Of the last layer, all rows but the last tile's only leave keys and values. */
const endsEarly = ({ spec, tokens }: Prefill, l: number, end: number): boolean =>
  l === spec.L - 1 && end < tokens.length;

const tileWork = (p: Prefill, l: number, t0: number, end: number): number =>
  endsEarly(p, l, end) ? (end - t0) * qkvWork(p.spec) : layerWork(p.spec, p.cached + t0, p.cached + end);

/** Rows of a tile that fit one submission, and so the longest that a stop waits. A power of two. */
export function tileRows({ spec, pacer, fixedRows, cached, tokens }: Omit<Prefill, 'residual'>): number {
  if (fixedRows !== undefined) return fixedRows;
  const end = cached + tokens.length;
  const perRow = layerWork(spec, end - 1, end);
  const fitting = 2 ** Math.floor(Math.log2(Math.max(1, pacer.budget / perRow)));
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, fitting));
}

/**
 * Reads the tokens layer by layer, tile by tile, and leaves the last tile in scratch.x. False when aborted between tiles;
 * what the cache holds past `cached` is then partial.
 */
export async function prefill(p: Prefill): Promise<boolean> {
  const { spec, tokens, cached } = p;
  const T = tokens.length;
  const total = (spec.L - 1) * layerWork(spec, cached, cached + T) + T * qkvWork(spec);
  let done = 0;
  let open: Submission | undefined;
  for (let l = 0; l < spec.L; l++) {
    for (let t0 = 0, end = 0; t0 < T; t0 = end) {
      if (p.signal.aborted) {
        await p.pacer.idle();
        return false;
      }
      end = Math.min(T, t0 + rowsAt(p, t0));
      open ??= begin(p, t0, end - t0, l);
      encodeTile(p, open.pass, l, t0, end);
      open.work += tileWork(p, l, t0, end);
      // Alone in its tile, a prompt takes as many layers as fit one submission.
      if (!p.residual && l < spec.L - 1 && open.work < p.pacer.budget) continue;
      const { work } = open;
      await finish(p, open, { l, t0, end }, () => {
        done += work;
        p.onProgress(Math.min(1, done / total), l, cached + end);
      });
      open = undefined;
    }
  }
  return true;
}

/**
 * Rows of the tile at t0, by the device's speed so far. A tile starts at a multiple of its own length, so that none crosses
 * a page of the residual stream, and so that tiles at most double from one to the next.
 */
function rowsAt(p: Prefill, t0: number): number {
  if (!p.residual) return p.tokens.length;
  return t0 === 0 ? tileRows(p) : Math.min(tileRows(p), t0 & -t0);
}

/** Rows t0..end of layer l. */
interface Tile {
  readonly l: number;
  readonly t0: number;
  readonly end: number;
}

interface Submission {
  readonly encoder: GPUCommandEncoder;
  readonly pass: GPUComputePassEncoder;
  work: number;
}

function stepOf({ cached }: Prefill, t0: number, rows: number): Step {
  return { rows, position: cached + t0, appended: cached + t0, draw: 0 };
}

function begin(p: Prefill, t0: number, rows: number, l: number): Submission {
  const { queue } = p.device;
  queue.writeBuffer(p.scratch.step, 0, packStep(stepOf(p, t0, rows)));
  if (l === 0) queue.writeBuffer(p.scratch.ids, 0, p.tokens, t0, rows);
  const encoder = p.device.createCommandEncoder({ label: `layer ${l} rows ${t0}+${rows}` });
  if (l > 0) p.residual?.load(encoder, p.scratch.x, t0, rows);
  return { encoder, pass: encoder.beginComputePass(), work: 0 };
}

function encodeTile(p: Prefill, pass: GPUComputePassEncoder, l: number, t0: number, end: number): void {
  const { decoder } = p;
  const step = stepOf(p, t0, end - t0);
  const layer = decoder.layers[l]!;
  if (l === 0) decoder.embed_tokens.encode(pass, step, 'prefill');
  if (endsEarly(p, l, end)) encodeKeysAndValues(pass, layer, step, 'prefill');
  else encodeLayer(pass, layer, step, 'prefill');
}

async function finish(
  p: Prefill,
  { encoder, pass, work }: Submission,
  { l, t0, end }: Tile,
  onDone: () => void,
) {
  pass.end();
  if (l < p.spec.L - 1) p.residual?.store(encoder, p.scratch.x, t0, end - t0);
  await p.pacer.submit(encoder.finish(), work, onDone);
}
