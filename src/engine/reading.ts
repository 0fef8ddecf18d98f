/** Reads one prompt into the store: buffers that only reading needs, the lines over them, and the prefill itself. */
import { awaitedLater } from './errors';
import { allocate, READING } from './gpu/allocate';
import type { Pacer } from './gpu/pacer';
import { Uniforms } from './gpu/uniforms';
import type { ReadingPlan } from './kv/reading-plan';
import { Selecting, type Selected } from './kv/selecting';
import type { KvStore } from './kv/store';
import type { BoundModel } from './models/bound-model';
import { prefill, residualRows, tileRows, tiling, type PartTimes } from './prefill';
import { makeReader } from './reader';
import { Residual } from './residual';
import type { TokenId } from './shapes';

/** What reading needs of a session. */
export interface ReadingParts {
  readonly model: BoundModel;
  readonly store: KvStore;
  readonly pacer: Pacer;
  /** Rows of every tile, where a test wants to choose them. */
  readonly fixedRows: number | undefined;
}

export interface Reading {
  readonly prompt: readonly TokenId[];
  readonly plan: ReadingPlan;
  /** Follow-ups read everything again: no trunk keeps the inputs of T. */
  readonly isLean: boolean;
  /** Tokens that the trunk holds. */
  readonly cached: number;
  readonly signal: AbortSignal;
  readonly times: PartTimes;
  onShare(share: number): void;
}

export interface ReadPrompt {
  /** False when stopped before the end. */
  readonly whole: boolean;
  /** What was selected, soon. Undefined in policy full and when stopped. */
  readonly selected: Promise<Selected> | undefined;
}

/** Rejects with `out-of-memory` when there is no room for what reading needs. */
export async function readPrompt(parts: ReadingParts, reading: Reading): Promise<ReadPrompt> {
  const { model, store, pacer } = parts;
  const { plan, cached, prompt } = reading;
  const { spec, scratch, buffers } = model;
  const common = { spec, plan, cached, pacer, fixedRows: parts.fixedRows };
  const tiled = tiling({ ...common, rows: tileRows(common) }, reading.isLean);
  const made = await allocate(buffers, READING, () =>
    makeParts(parts, reading, residualRows(tiled, plan, cached)),
  );
  try {
    await made.compiled;
    const whole = await prefill({
      ...common,
      device: buffers.device,
      reader: made.reader,
      scratch,
      tiling: tiled,
      residual: made.residual,
      tokens: Uint32Array.from(prompt.slice(cached)),
      signal: reading.signal,
      times: reading.times,
      onProgress: (share, filled) => {
        for (const { l, entries, selected } of filled) {
          if (selected) store.noteSelected(l);
          else store.noteRead(l, entries);
        }
        reading.onShare(share);
      },
    });
    const selected = whole && made.selecting ? awaitedLater(made.selecting.read()) : undefined;
    return { whole, selected };
  } finally {
    // What is submitted runs to its end with what it was given.
    made.free();
  }
}

/** Everything that is made anew for each prompt. */
function makeParts(parts: ReadingParts, { plan }: Reading, rows: number) {
  const { model, store } = parts;
  const { spec, scratch, buffers } = model;
  const uniforms = new Uniforms(buffers);
  const layerParts = model.parts(uniforms);
  const { make } = layerParts;
  const residual = rows > 0 ? new Residual(buffers, rows, spec.C) : undefined;
  const { scorer, lowerLayers } = plan;
  const { reading, hot } = store;
  const selecting =
    scorer &&
    new Selecting({ spec, buffers, make, plan: { ...plan, scorer }, qkv: scratch.qkv, reading, hot });
  const sources = { store, lowerLayers, selecting, residual };
  return {
    reader: makeReader(layerParts, model.weightLayers, sources),
    residual,
    selecting,
    compiled: make.compiled(),
    free: () => {
      residual?.free();
      selecting?.free();
      uniforms.free();
    },
  };
}
