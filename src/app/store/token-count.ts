import type { ChatStore } from './chat-store';
import type { AttachedDocument } from './conversation';
import type { ModelStore } from './model-store';

/** Has the attached document counted by the loaded model: when it is attached, and again by the next model. */
export function countDocumentTokens(chat: ChatStore, model: ModelStore): void {
  let asked: { readonly document: AttachedDocument; readonly api: unknown } | undefined;

  const count = () => {
    const { document } = chat.getState();
    const { status } = model.getState();
    if (document === undefined || status.state !== 'ready') return;
    if (asked?.document.text === document.text && asked.api === status.api) {
      // Under way, or answered already; a text that was taken off and attached again has lost its answer.
      if (asked.document === document || document.tokens !== undefined) return;
    }
    asked = { document, api: status.api };
    status.api.countTokens(document.text).then(
      (tokens) => chat.getState().setDocumentTokens(document, tokens),
      // Without a count the chip says nothing about it, and the turn will say what is wrong.
      () => undefined,
    );
  };
  chat.subscribe(count);
  model.subscribe(count);
}
