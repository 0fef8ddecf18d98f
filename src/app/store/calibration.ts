/** Choosing the TSP layer by measuring: which layer's selection moves the last hidden state least (arXiv:2502.01068, eq. 3). */
import type { Calibration, EngineFailure, KvSettings, ModelInfo } from '../../protocol';
import { formatCount, formatTokens } from '../format';
import { outlookFor } from './budget';
import { runningId } from './away';
import type { ChatStore } from './chat-store';
import { composeFirst, type NewDocument, type Conversation } from './conversation';
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
 * without a ready model, while the engine has something else to do, or where there is nothing to compare.
 */
export async function calibrate({ model, chat, kv, samples }: CalibrationStores): Promise<void> {
  const { status } = model.getState();
  if (status.state !== 'ready' || runningId(chat.getState()) !== undefined || isCalibrating(kv)) return;
  const { api, gone, model: info } = status;
  const settings = settingsFor(kv.getState(), chat.getState().settings, info);
  const loaded = samples.getState();
  const texts = textsAtHand(chat.getState(), loaded.state === 'ready' ? loaded.samples : []);
  if (obstacleTo(texts, settings, info) !== undefined) return;
  const compared = enoughOf(comparable(texts, settings, info), chat.getState());
  const prompts = promptsFrom(compared, chat.getState());

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
    if (!stopped) kv.getState().setTspLayer(info, result.suggested);
    kv.setState({ calibration: { state: 'done', result, stopped } });
  } catch (thrown) {
    const error = toFailure(thrown);
    // The engine counts prompts from 0, which no visitor has seen.
    const message = error.code === 'bad-argument' ? NOTHING_TO_COMPARE : error.message;
    kv.setState({ calibration: { state: 'failed', error: { ...error, message } } });
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

/** The conversation's documents, and every sample that is another. */
export function textsAtHand(
  { documents }: Pick<Conversation, 'documents'>,
  samples: readonly NewDocument[],
): readonly NewDocument[] {
  return [...documents, ...samples.filter(({ text }) => documents.every((own) => own.text !== text))];
}

/** Paper, eq. 3: past the middle of the model too little work is saved for the distance to decide. */
export const lastEligible = ({ layers }: Pick<ModelInfo, 'layers'>) => Math.floor(layers / 2);

/** Why there is nothing to compare, and what to do about it; undefined where there is. */
export function obstacleTo(
  texts: readonly NewDocument[],
  settings: KvSettings,
  model: ModelInfo,
): string | undefined {
  if (model.layers < 2) return 'This model has one layer, so there is none to choose.';
  if (settings.budget === 'proportional' && settings.tspRate === 1)
    return 'At a TSP rate of 100 % every token goes on, whatever the layer. Lower the TSP rate to compare.';
  const counted = texts.flatMap(({ tokens }) => (tokens === undefined ? [] : [tokens]));
  if (counted.length < texts.length) return 'The attached document is still being counted.';
  const longest = Math.max(...counted.filter((tokens) => tokens < model.contextLength));
  if (longest === -Infinity) return 'There is no text that this model can read. Attach a document.';
  if (comparable(texts, settings, model).length > 0) return undefined;
  const found = `The longest text at hand has ${formatTokens(longest)}`;
  if (longest < settings.floor)
    return `${found}, and prompts under ${formatCount(settings.floor)} are kept whole. Attach a longer document.`;
  if (settings.budget === 'constant') {
    const needed = Math.max(settings.capacity, settings.tspLength);
    return `${found}, and with this constant budget all of it would go on. Attach one of more than ${formatTokens(needed)}, lower TSP length and capacity, or set the budget to Proportional.`;
  }
  return `${found}, and these rates leave fewer than the last ${settings.window}, which score the others. Raise the rates, or attach a longer document.`;
}

const NOTHING_TO_COMPARE =
  'With these settings the texts at hand go whole through every layer, so there is nothing to compare. ' +
  'Attach a longer document, or lower the TSP rate or length.';

/** Texts of which a part goes on: a prompt that is kept whole says nothing about any layer. */
function comparable(texts: readonly NewDocument[], settings: KvSettings, model: ModelInfo) {
  const compared: KvSettings = { ...settings, policy: 'fastkv', turnMode: 'lean', tspLayer: 0 };
  return texts.filter(({ tokens }) => {
    if (tokens === undefined || tokens >= model.contextLength) return false;
    // With its question the prompt is longer, which no budget takes for shorter.
    return outlookFor(compared, model.layers, tokens).propagated < tokens;
  });
}

/** Of samples this many tokens will do: every candidate layer reads them all once more, and the longest fill a context. */
const ENOUGH_TOKENS = 2000;

/** The conversation's own documents, and samples until there is enough to compare. */
function enoughOf(
  texts: readonly NewDocument[],
  { documents }: Pick<Conversation, 'documents'>,
): readonly NewDocument[] {
  const own = new Set<NewDocument>(documents);
  let taken = 0;
  return texts.filter((text) => {
    const isTaken = own.has(text) || taken < ENOUGH_TOKENS;
    if (isTaken) taken += text.tokens ?? 0;
    return isTaken;
  });
}

/** Each text with a question at its end, which is what the window scores by: the one that was asked, where one was. */
export function promptsFrom(
  texts: readonly NewDocument[],
  conversation: Pick<Conversation, 'documents' | 'order' | 'messages'>,
): readonly string[] {
  const asked = firstQuestion(conversation);
  const own = new Set(conversation.documents.map(({ text }) => text));
  return texts.map((document) => {
    const wanted = own.has(document.text) ? asked : undefined;
    return composeFirst([document], wanted ?? document.questions[0] ?? ANY_QUESTION);
  });
}

/** For a visitor's own text before anything was asked about it. */
const ANY_QUESTION = 'What does the document say?';

function firstQuestion({ order, messages }: Pick<Conversation, 'order' | 'messages'>): string | undefined {
  const first = messages[order[0] ?? ''];
  return first?.role === 'user' ? first.question : undefined;
}
