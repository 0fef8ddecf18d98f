/** Choosing the TSP layer by measuring: which layer's selection moves the last hidden state least (arXiv:2502.01068, eq. 3). */
import type { Calibration, EngineFailure } from '../../protocol';
import type { ChatStore } from './chat-store';
import { composeFirst, type AttachedDocument, type Conversation } from './conversation';
import { toFailure } from './engine';
import { settingsFor, type KvStore } from './kv-store';
import { throwFailure, type ModelStore } from './model-store';
import type { SamplesStore } from './samples-store';

export type CalibrationProgress =
  | { readonly state: 'none' }
  | { readonly state: 'running'; readonly done: number; readonly total: number; readonly stopping: boolean }
  /** Stopped early, the result is of the candidates that were through, and nothing was applied. */
  | { readonly state: 'done'; readonly result: Calibration; readonly stopped: boolean }
  | { readonly state: 'failed'; readonly error: EngineFailure };

export interface CalibrationStores {
  readonly model: ModelStore;
  readonly chat: ChatStore;
  readonly kv: KvStore;
  readonly samples: SamplesStore;
}

/**
 * Reads the texts at hand with every candidate layer, and puts the suggested one to use for this model. Does nothing
 * without a ready model, or while the engine has something else to do.
 */
export async function calibrate({ model, chat, kv, samples }: CalibrationStores): Promise<void> {
  const { status } = model.getState();
  if (status.state !== 'ready' || chat.getState().activeId !== undefined || isCalibrating(kv)) return;
  const { api, gone, model: info } = status;
  const settings = settingsFor(kv.getState(), info);
  const loaded = samples.getState();
  const prompts = promptsAtHand(
    chat.getState(),
    loaded.state === 'ready' ? loaded.samples : [],
    settings.floor,
  );

  let stillRunning = true;
  kv.setState({ calibration: { state: 'running', done: 0, total: 0, stopping: false } });
  const onStep = (done: number, total: number) => {
    const { calibration } = kv.getState();
    // Steps come on a channel of their own, perhaps later than the result.
    if (stillRunning && calibration.state === 'running') {
      kv.setState({ calibration: { ...calibration, done, total } });
    }
  };
  try {
    const result = await Promise.race([api.calibrate(prompts, settings, onStep), gone.then(throwFailure)]);
    const { calibration } = kv.getState();
    const stopped = calibration.state === 'running' && calibration.stopping;
    if (!stopped) kv.getState().change({ tspLayer: result.suggested }, info);
    kv.setState({ calibration: { state: 'done', result, stopped } });
  } catch (thrown) {
    kv.setState({ calibration: { state: 'failed', error: toFailure(thrown) } });
  } finally {
    stillRunning = false;
    // The engine has let go of the conversation's cache; the next turn reports anew.
    chat.setState({ memory: undefined });
  }
}

export function stopCalibration({ model, kv }: Pick<CalibrationStores, 'model' | 'kv'>): void {
  const { status } = model.getState();
  const { calibration } = kv.getState();
  if (status.state !== 'ready' || calibration.state !== 'running') return;
  kv.setState({ calibration: { ...calibration, stopping: true } });
  void status.api.stop().catch(() => undefined); // A dead engine has stopped; `gone` says why.
}

export function isCalibrating(kv: KvStore): boolean {
  return kv.getState().calibration.state === 'running';
}

/**
 * The conversation's document with its first question, and every sample with one: a question at the end is what the
 * window scores by. Texts under the floor are kept whole whatever the layer, so they would teach nothing.
 */
export function promptsAtHand(
  conversation: Conversation,
  samples: readonly AttachedDocument[],
  floor: number,
): readonly string[] {
  const { document } = conversation;
  const others = samples.filter(({ text }) => text !== document?.text);
  const all = document === undefined ? others : [document, ...others];
  const long = all.filter(({ tokens }) => tokens === undefined || tokens >= floor);
  const asked = firstQuestion(conversation);
  return (long.length > 0 ? long : all).map((text) =>
    composeFirst(text, (text === document ? asked : undefined) ?? text.questions[0] ?? ANY_QUESTION),
  );
}

/** For a visitor's own text before anything was asked about it. */
const ANY_QUESTION = 'What does the document say?';

function firstQuestion({ order, messages }: Conversation): string | undefined {
  const first = messages[order[0] ?? ''];
  return first?.role === 'user' ? first.question : undefined;
}
