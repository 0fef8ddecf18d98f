import type { ChatStore } from './chat-store';
import type { ModelStore } from './model-store';

/** Has every attached document counted by the loaded model: when it is attached, and again by the next model. */
export function countDocumentTokens(chat: ChatStore, model: ModelStore): void {
  /** The engine that was asked last about each document, by its id. */
  const asked = new Map<string, unknown>();

  const count = () => {
    const { status } = model.getState();
    if (status.state !== 'ready') return;
    const { api } = status;
    for (const { id, text } of chat.getState().documents) {
      if (asked.get(id) === api) continue;
      asked.set(id, api);
      api.countTokens(text).then(
        (tokens) => asked.get(id) === api && chat.getState().setDocumentTokens(id, tokens),
        // Without a count the chip says nothing about it, and the turn will say what is wrong.
        () => undefined,
      );
    }
  };
  chat.subscribe(count);
  model.subscribe(count);
}
