/**
 * Which layer should be the last to see every token? The paper's criterion (arXiv:2502.01068, eq. 3): the T, among layers
 * up to the middle, whose final hidden state is the nearest to full context's, over calibration prompts.
 */
import type { Calibration, CalibrationStep, KvSettings } from '../../protocol';
import { EngineError } from '../errors';
import { GREEDY } from '../kernels/sampling';
import type { ModelSpec } from '../models/spec';
import { readingWork } from '../stages';
import type { RunOptions } from '../run';
import type { TokenId } from '../shapes';
import { defaultTspLayer, planReading } from './reading-plan';

/** What calibration needs of a session. */
export interface CalibratedSession {
  readonly spec: ModelSpec;
  run(prompt: readonly TokenId[], options: RunOptions): Promise<unknown>;
  /** Output of the last norm for the last prompt's last row. [C] */
  finalHidden(): Promise<Float32Array>;
  forget(): void;
}

export interface CalibrationOptions {
  /** Prompts read so far, and all that there are to read: each with full context and with every candidate. */
  onStep?(done: number, total: number): void;
  /** Ends early, with the candidates that were through. */
  readonly signal?: AbortSignal;
}

/** Layers that can be T: after the last there is nowhere to go on to. */
export const candidates = (L: number): number[] => Array.from({ length: Math.max(0, L - 1) }, (_, T) => T);

/** Squared L2 distance. Both [C] */
export function squaredDistance(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
}

/** The T of least distance up to the middle of L layers; ties go to the lower. Undefined without a step up to there. */
export function suggestTspLayer(steps: readonly CalibrationStep[], L: number): number | undefined {
  const eligible = steps.filter(({ tspLayer }) => tspLayer <= Math.floor(L / 2));
  return eligible.sort((a, b) => a.distance - b.distance || a.tspLayer - b.tspLayer)[0]?.tspLayer;
}

/**
 * Reads each prompt with full context and with every candidate T under `settings`, whose policy, turn mode and T do not
 * matter. Ended early before any candidate was through, it suggests the T of `settings`. Rejects with `bad-argument` where
 * there is nothing to compare, and as Session.run does. Forgets the session's conversation.
 */
export async function calibrate(
  session: CalibratedSession,
  prompts: readonly (readonly TokenId[])[],
  settings: KvSettings,
  { onStep, signal = new AbortController().signal }: CalibrationOptions = {},
): Promise<Calibration> {
  const { spec } = session;
  const layers = candidates(spec.L);
  checkPrompts(spec, prompts, settings);
  const total = prompts.length * (layers.length + 1);
  let done = 0;
  onStep?.(done, total);
  /** [prompts] of [C]; undefined when stopped. */
  const read = async (kv: KvSettings): Promise<Float32Array[] | undefined> => {
    const states: Float32Array[] = [];
    for (const prompt of prompts) {
      await session.run(prompt, { sampling: GREEDY, maxNewTokens: 1, stopIds: new Set(), signal, kv });
      if (signal.aborted) return undefined;
      states.push(await session.finalHidden());
      onStep?.(++done, total);
    }
    return states;
  };
  const whole = await read(fullContext(settings));
  const steps: CalibrationStep[] = [];
  for (const tspLayer of whole ? layers : []) {
    const kv = reducedFrom(settings, tspLayer);
    const states = await read(kv);
    if (!states) break;
    const distances = states.map((state, i) => squaredDistance(state, whole![i]!));
    const distance = distances.reduce((a, b) => a + b, 0) / prompts.length;
    steps.push({ tspLayer, distance, work: workShare(spec, prompts, kv) });
  }
  session.forget();
  const fallback = settings.tspLayer ?? defaultTspLayer(spec.layers);
  return { steps, suggested: suggestTspLayer(steps, spec.L) ?? fallback };
}

// Nothing asks a follow-up, so no trunk has to be kept: lean.
const fullContext = (settings: KvSettings): KvSettings => ({ ...settings, policy: 'full', turnMode: 'full' });
const reducedFrom = (settings: KvSettings, tspLayer: number): KvSettings => ({
  ...settings,
  policy: 'fastkv',
  turnMode: 'lean',
  tspLayer,
});

/** Multiply-adds of reading all prompts, as a share of full context's. */
function workShare(spec: ModelSpec, prompts: readonly (readonly TokenId[])[], kv: KvSettings): number {
  const work = (settings: KvSettings) =>
    prompts.reduce(
      (sum, { length }) => sum + readingWork(spec, planReading(settings, spec.layers, length)),
      0,
    );
  return work(kv) / work(fullContext(kv));
}

function checkPrompts(
  { L, layers }: ModelSpec,
  prompts: readonly (readonly TokenId[])[],
  settings: KvSettings,
): void {
  if (L < 2) throw new EngineError('bad-argument', 'The model has one layer: there is no T to choose.');
  const reduced = ({ length }: readonly TokenId[]) =>
    planReading(reducedFrom(settings, 0), layers, length).propagated < length;
  const whole = prompts.findIndex((prompt) => !reduced(prompt));
  if (prompts.length > 0 && whole < 0) return;
  const found =
    prompts.length === 0
      ? 'there is none'
      : `prompt ${whole} of ${prompts[whole]!.length} tokens goes whole through every layer`;
  throw new EngineError(
    'bad-argument',
    `Calibration needs prompts of which a part is propagated, and ${found}. ` +
      'Give longer ones, as long as those that the model is to read, or a lower TSP rate.',
  );
}
