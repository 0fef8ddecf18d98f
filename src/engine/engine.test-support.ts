import { openNodeAdapter } from '../../tools/node-gpu';
import { nodeFolder } from '../../tools/node-folder';
import { loadModel, type LoadedModel, type LoadOptions } from './load-model';
import { GREEDY } from './kernels/sampling';
import type { RunOptions } from './run';
import type { TokenId } from './shapes';

/** A model on the adapter that Node finds. */
export async function load(folder: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const { adapter } = await openNodeAdapter();
  return loadModel(adapter, nodeFolder(folder), options);
}

/** Greedy, no end token, never stopped. */
export const runOptions = (maxNewTokens: number, more: Partial<RunOptions> = {}): RunOptions => ({
  sampling: GREEDY,
  maxNewTokens,
  stopIds: new Set(),
  signal: new AbortController().signal,
  ...more,
});

/** The answer's tokens and the logits that each was drawn from. */
export async function runWithLogits(model: LoadedModel, prompt: readonly TokenId[], options: RunOptions) {
  const rows: Float32Array[] = [];
  const result = await model.session.run(prompt, { ...options, onLogits: (row) => rows.push(row) });
  return { ...result, rows };
}
