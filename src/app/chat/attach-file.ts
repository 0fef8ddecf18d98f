import { readDocument } from '../documents/read-document';
import type { ChatStore } from '../store/chat-store';

export async function attachFile(chat: ChatStore, file: File | undefined): Promise<void> {
  if (file === undefined) return;
  const reading = await readDocument(file);
  if ('failure' in reading) return chat.getState().say(reading.failure.message);
  const { name, text } = reading.document;
  chat.getState().attach({ name, text, tokens: undefined, questions: [] });
}
