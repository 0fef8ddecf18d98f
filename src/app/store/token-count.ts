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
        (tokens) => {
          if (asked.get(id) !== api) return;
          const { documents, setDocumentTokens } = chat.getState();
          if (documents.some((held) => held.id === id)) setDocumentTokens(id, tokens);
          // It may come back: another chat is shown, or it was taken out, which can be undone.
          else asked.delete(id);
        },
        // Without a count the chip says nothing about it, and the turn will say what is wrong.
        () => undefined,
      );
    }
  };
  chat.subscribe(count);
  model.subscribe(count);
}
