/** Files and pastes on their way to becoming documents, and files that could not. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { readDocument } from '../documents/read-document';
import type { ChatStore } from './chat-store';
import type { TextRange } from './preview-store';

export type IncomingFile = { readonly id: string; readonly name: string } & (
  | { readonly state: 'reading'; /** Undefined until it is known. */ readonly share: number | undefined }
  | { readonly state: 'failed'; readonly message: string }
);

export interface AttachmentsState {
  readonly incoming: readonly IncomingFile[];
  /** One after the other, in their order. Resolves when each is a document or has failed. Never rejects. */
  attachFiles(files: readonly File[]): Promise<void>;
  /** A text that was pasted into the draft in place of `selected`. It can be made text of the draft after all. */
  attachPaste(text: string, selected: TextRange): void;
  /** Ends a file's reading, or takes away what was said of a failed one. */
  dismiss(id: string): void;
  /** Takes away what was said of all that failed. */
  dismissFailed(): void;
}

export type AttachmentsStore = StoreApi<AttachmentsState>;

/** A paste longer than this is something to read, not something to say. */
export const PASTE_AS_DOCUMENT_CHARACTERS = 3000;

export function createAttachmentsStore(chat: ChatStore): AttachmentsStore {
  const cancels = new Map<string, AbortController>();
  let before: Promise<void> = Promise.resolve();

  const store = createStore<AttachmentsState>()((set, get) => {
    const change = (id: string, to: IncomingFile | undefined) => {
      set({ incoming: get().incoming.flatMap((file) => (file.id === id ? (to ?? []) : file)) });
    };
    const read = async (id: string, file: File, signal: AbortSignal) => {
      const { name } = file;
      const onProgress = (share: number) => change(id, { id, name, state: 'reading', share });
      const reading = await readDocument(file, { signal, onProgress });
      cancels.delete(id);
      if ('failure' in reading)
        return change(id, { id, name, state: 'failed', message: reading.failure.message });
      change(id, undefined);
      chat.getState().attach({ ...reading.document, tokens: undefined, questions: [] });
    };

    return {
      incoming: [],

      attachFiles(files) {
        const begun = files.map((file) => {
          const id = crypto.randomUUID();
          const cancel = new AbortController();
          cancels.set(id, cancel);
          return { id, file, signal: cancel.signal };
        });
        const fresh = begun.map(({ id, file: { name } }) => {
          return { id, name, state: 'reading', share: undefined } as const;
        });
        // Whatever comes of it this time, the last time is no news.
        const names = new Set(files.map(({ name }) => name));
        const others = get().incoming.filter(({ name, state }) => state !== 'failed' || !names.has(name));
        set({ incoming: [...others, ...fresh] });
        before = before.then(async () => {
          for (const { id, file, signal } of begun) await read(id, file, signal);
        });
        return before;
      },

      attachPaste: (text, selected) => attachPaste(chat, text, selected),

      dismiss(id) {
        cancels.get(id)?.abort();
        cancels.delete(id);
        change(id, undefined);
      },

      dismissFailed: () => set({ incoming: get().incoming.filter(({ state }) => state !== 'failed') }),
    };
  });

  chat.subscribe((now, before) => {
    const { incoming, dismiss, dismissFailed } = store.getState();
    // What was meant for one conversation must not turn up in another.
    if (now.id !== before.id) for (const file of incoming) dismiss(file.id);
    // Who sends all the same has read what was wrong.
    else if (now.activeId !== before.activeId && now.activeId !== undefined) dismissFailed();
  });
  return store;
}

function attachPaste(chat: ChatStore, pasted: string, { from, to }: TextRange): void {
  const text = pasted.replace(/\r\n?/g, '\n');
  const { id: conversationId, documents, draft, attach, say } = chat.getState();
  const earlier = documents.filter(({ kind }) => kind === 'pasted').length;
  const name = earlier === 0 ? 'Pasted text' : `Pasted text ${earlier + 1}`;
  attach({ name, kind: 'pasted', text, tokens: undefined, questions: [] });
  const attached = chat.getState().documents.at(-1);
  if (attached?.text !== text) return;
  say('The long paste was attached as a document.', {
    label: 'Paste as text instead',
    run() {
      const now = chat.getState();
      if (now.id !== conversationId) return;
      const { notice } = now;
      now.detach(attached.id);
      // Where it was pasted, unless something was typed since: then behind that.
      const place = now.draft === draft ? { from, to } : { from: now.draft.length, to: now.draft.length };
      now.setDraft(now.draft.slice(0, place.from) + text + now.draft.slice(place.to));
      chat.setState({ notice }); // That it was removed is no news, and no loss.
    },
  });
}
