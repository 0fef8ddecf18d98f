import { gather_hidden, gather_rows } from './kernels/gather_rows';
import { store_rows } from './kernels/store_rows';
import type { RowPage } from './kv/row-pages';
import type { Selecting } from './kv/selecting';
import type { KvStore } from './kv/store';
import { makePrefillLayer, type LayerParts, type WeightLayers } from './models/layers';
import { sequence, type Op } from './models/ops';
import type { Reader } from './prefill';
import type { Residual } from './residual';

export interface ReaderSources {
  readonly store: KvStore;
  readonly lowerLayers: number;
  /** Undefined in policy full. */
  readonly selecting: Selecting | undefined;
  /** Keeps T's inputs where the trunk has none. */
  readonly residual: Residual | undefined;
}

/** The lines of a prefill over the store's caches as they are. */
export function makeReader(parts: LayerParts, weights: WeightLayers, from: ReaderSources): Reader {
  const { store, lowerLayers, selecting, residual } = from;
  const { L } = parts.spec;
  const { reading, hidden } = store;
  const positions = selecting?.positions;
  const past = positions ? { positions } : {};
  const T = lowerLayers - 1;
  const splits = lowerLayers < L && positions !== undefined;
  return {
    embed_tokens: weights.embed_tokens,
    layers: reading.map((kv, l) => makePrefillLayer(parts, weights, l, kv, l > T ? past : {})),
    selected: splits
      ? makePrefillLayer(parts, weights, T, reading[T]!, { positions, byPosition: true, queriesOnly: true })
      : undefined,
    gather: splits ? gather(parts, positions, hidden, residual) : undefined,
    storeHidden: hidden && storeHidden(parts, hidden),
    selecting,
  };
}

function gather(
  { spec: { C }, make, scratch: { x } }: LayerParts,
  positions: GPUBuffer,
  hidden: readonly RowPage[] | undefined,
  residual: Residual | undefined,
): Op {
  const [kernel, pages] = hidden ? [gather_hidden, hidden] : [gather_rows, residual!.pages];
  return sequence(
    pages.map(({ buffer: source, first, count }) =>
      make.dispatch(kernel, { C, first, count }, { positions, source, x }),
    ),
  );
}

function storeHidden({ spec: { C }, make, scratch: { x } }: LayerParts, pages: readonly RowPage[]): Op {
  return sequence(
    pages.map(({ buffer: page, first, count }) =>
      make.dispatch(store_rows, { C, first, count }, { x, page }),
    ),
  );
}
