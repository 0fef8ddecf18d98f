import type { ChatStore } from '../store/chat-store';
import { readTextFile } from '../store/files';

export async function attachFile(chat: ChatStore, file: File | undefined): Promise<void> {
  if (file === undefined) return;
  const reading = await readTextFile(file);
  if ('refused' in reading) chat.getState().say(reading.refused);
  else chat.getState().attach(reading.document);
}
